// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temp_dir.hpp"

namespace ocibuild::test {

/// A directory on PATH with programs docker-credential-NAME. Each appends its arguments and what it
/// reads to a log and then does what its shell script says.
class HelperScripts {
public:
  HelperScripts() : old_path_(std::getenv("PATH")) {
    ::setenv("PATH", (directory_.path().string() + ':' + old_path_).c_str(), 1);
  }
  ~HelperScripts() { ::setenv("PATH", old_path_.c_str(), 1); }
  HelperScripts(const HelperScripts&) = delete;
  HelperScripts& operator=(const HelperScripts&) = delete;

  void add(const std::string& name, const std::string& script) const {
    directory_.write("docker-credential-" + name,
                     "#!/bin/sh\ninput=$(cat)\nprintf '%s\\n' \"" + name +
                         " $# $* <$input>\" >> '" + (directory_ / "log").string() + "'\n" + script +
                         "\n",
                     0755);
  }

  /// One line a call: "NAME COUNT ARGUMENTS <INPUT>".
  std::string log() const {
    std::ifstream file(directory_ / "log");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

private:
  TempDir directory_;
  std::string old_path_;
};

}  // namespace ocibuild::test
