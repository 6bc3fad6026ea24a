// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "program.hpp"
#include "support/temp_dir.hpp"

namespace ocibuild::test {

/// The program in a directory of its own, with a store below it. The environment is empty but for
/// HOME; nothing is a terminal.
class Program {
public:
  Program();
  ~Program();

  /// Runs `ocibuild` with these arguments and returns its exit status; out and err hold what it
  /// printed, archives on standard output included.
  int run(std::initializer_list<std::string> arguments) {
    return run(program::Arguments(arguments));
  }
  int run(const program::Arguments& arguments);

  TempDir dir;
  std::map<std::string, std::string> environment;
  std::string input;      ///< what standard input gives
  bool terminal = false;  ///< for all three streams
  std::string out;
  std::string err;
};

/// `text` with every digest and time replaced: "sha256:<64>" by "sha256:…", "0.1s" and "24 ms" by
/// "T". What is left is the same on every machine.
std::string steady(std::string text);

std::string read_text(const std::filesystem::path& file);

}  // namespace ocibuild::test
