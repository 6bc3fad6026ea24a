// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "program.hpp"

/// Help texts, made of the tables of flags and commands: at most 80 columns.
namespace ocibuild::program {

/// What `ocibuild -h` shows: at most 24 lines.
std::string short_help();
/// What `ocibuild --help` shows: the short help and a line for each command.
std::string root_help();
/// The groups of flags and their titles, in the order of help and manual.
struct GroupTitle {
  FlagGroup group;
  std::string_view title;
};
std::span<const GroupTitle> flag_groups();
/// "-f, --file FILE", with `letter_room` also where there is no letter.
std::string flag_head(const Flag& flag, bool letter_room);
/// Its meaning and, in brackets, its default.
std::string flag_text(const Flag& flag);
/// What an exit code means.
struct ExitCode {
  std::string_view code;
  std::string_view meaning;
};
std::span<const ExitCode> exit_codes();
/// The commands whose first word is `word`, also by an alias.
std::string group_help(std::string_view word);
/// What `ocibuild COMMAND -h` shows: the command's own flags and what is used most of the others,
/// in at most 24 lines.
std::string brief_help(const CommandInfo& command);
/// Every flag of one command.
std::string command_help(const CommandInfo& command);

}  // namespace ocibuild::program
