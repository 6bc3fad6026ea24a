// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flags.hpp"
#include "io.hpp"

namespace ocibuild::program {

class Console;

using Arguments = std::vector<std::string>;  ///< without the program's own name

/// The whole program: reads `arguments`, does it, prints, and returns the exit status. Throws
/// nothing.
int run(const Arguments& arguments, Io& io);

/// What a command gets to work with.
struct Invocation {
  const ParsedFlags& flags;
  Io& io;
  Console& console;
  int status = 0;  ///< exit status of a command that has done its work
};

/// One row of the table of commands.
struct CommandInfo {
  Command id;
  std::string_view name;
  std::string_view alias;      ///< other words for it, ", " between them; may be empty
  std::string_view arguments;  ///< for the usage line
  std::string_view summary;
  std::string_view example;  ///< may be empty
  void (*run)(Invocation&);  ///< @throws Error, ClosedOutput
};

std::span<const CommandInfo> command_table();
/// By name or alias, which may have two words; null if there is none.
const CommandInfo* find_command(std::string_view word);
/// What a command line begins with behind its global flags; docker's "image ls" has two words.
struct CommandWords {
  const CommandInfo* command = nullptr;
  std::size_t count = 0;
};
CommandWords find_command(std::span<const std::string> words);
/// True for a first word that means `build`.
bool is_short_form(std::string_view word);

}  // namespace ocibuild::program
