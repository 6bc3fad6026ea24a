// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ocibuild::process {

struct Command {
  std::string program;  ///< a name, searched in PATH, or a path; never through a shell
  std::vector<std::string> arguments{};
  std::string input{};  ///< written to its standard input, which is then closed
  std::chrono::milliseconds timeout{30'000};
  std::size_t output_limit = 1 << 20;  ///< more ends the program
  std::size_t error_limit = 4096;      ///< more is dropped
};

struct Result {
  int exit_code = 0;  ///< 128 + signal for a signal
  bool timed_out = false;
  bool too_much_output = false;
  std::string output{};
  std::string errors{};
};

/// Runs a program to its end and collects what it writes, for credential helpers. It inherits the
/// environment, runs in a process group of its own, and is killed with that group at the time limit
/// or when `stop` is asked for. Thread-safe. The only user of Boost.Process.
/// Nothing: there is no such program. @throws Error(Errc::interrupted) after `stop`
std::optional<Result> run(const Command& command, std::stop_token stop = {});

}  // namespace ocibuild::process
