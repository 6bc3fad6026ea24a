// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <string>

namespace ocibuild::test {

struct ShellResult {
  int status = -1;  ///< exit status, -1 when the shell did not end by itself
  std::string output;
};

/// Runs `command` in /bin/sh and collects its standard output: for programs that must read what we
/// write.
inline ShellResult shell(const std::string& command) {
  ShellResult result;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return result;
  char buffer[4096];
  while (const std::size_t size = std::fread(buffer, 1, sizeof(buffer), pipe)) {
    result.output.append(buffer, size);
  }
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  return result;
}

inline bool has_program(const std::string& name) {
  return shell("command -v " + name).status == 0;
}

}  // namespace ocibuild::test
