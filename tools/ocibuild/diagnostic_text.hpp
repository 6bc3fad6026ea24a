// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <ocibuild/check.hpp>

#include "settings.hpp"

namespace ocibuild::program {

/// The text of one finding (docs/reference/cli.md, section 10), lines ended. The place is shown
/// with the words marked; whatever it quotes is made printable.
std::string diagnostic_text(const Diagnostic& diagnostic, Severity severity, const Look& look);

/// `text` in a colour of ECMA-48 ("1;31"), or as it is.
std::string dressed(const Look& look, const char* code, const std::string& text);

}  // namespace ocibuild::program
