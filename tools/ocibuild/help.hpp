// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "program.hpp"

/// Help texts, made of the tables of flags and commands: at most 80 columns.
namespace ocibuild::program {

/// What `ocibuild -h` shows: at most 24 lines.
std::string short_help();
/// What `ocibuild --help` shows: the short help and a line for each command.
std::string root_help();
/// Every flag of one command.
/// The commands whose first word is `word`.
std::string group_help(std::string_view word);
std::string command_help(const CommandInfo& command);

}  // namespace ocibuild::program
