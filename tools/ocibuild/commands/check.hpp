// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "commands/build_options.hpp"
#include "program.hpp"

namespace ocibuild::program {

/// @throws Error(Errc::usage) unless `format` is one of print_check()
void check_format(const std::string& format, const std::string& origin);

/// Prints every finding on standard output in `format`, text, json or github, and sets the status:
/// 1 if there is one.
void print_check(BuildOptions& options, const std::string& format, Invocation& invocation);

}  // namespace ocibuild::program
