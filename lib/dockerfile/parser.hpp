// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "dockerfile/instruction.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::dockerfile {

/// Text -> instructions. Every mistake that can be seen without a build goes to `diagnostics` and
/// parsing goes on with the next instruction; the result is whole only when there were no errors.
Dockerfile parse(std::string file, std::string_view text, support::Diagnostics& diagnostics);

}  // namespace ocibuild::dockerfile
