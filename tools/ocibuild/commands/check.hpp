// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "commands/build_options.hpp"
#include "program.hpp"

namespace ocibuild::program {

/// The format in which `build` shall look at the Dockerfile instead of building, if --check or
/// --call says so. @throws Error(Errc::usage)
std::optional<std::string> wanted_check(const ParsedFlags& flags);

/// Prints every finding on standard output in `format` and sets the status: 1 if there is one.
/// @throws Error(Errc::usage) for a format that is none
void print_check(BuildOptions& options, const std::string& format, Invocation& invocation);

}  // namespace ocibuild::program
