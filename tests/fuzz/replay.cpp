// SPDX-License-Identifier: Apache-2.0
// Gives a fuzzer every input of its corpus, so that what was found once is tested in every build:
//   replay_NAME DIRECTORY
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz.hpp"

namespace {
constexpr unsigned seconds_for_one = 20;  // a sanitized build on a busy machine needs less than one
}

int main(int argc, char* argv[]) {
  if (argc != 2) return 2;
  std::vector<std::filesystem::path> inputs;
  for (const auto& file : std::filesystem::directory_iterator(argv[1])) {
    inputs.push_back(file.path());
  }
  std::sort(inputs.begin(), inputs.end());
  for (const auto& path : inputs) {
    // The last line of a failed test names the input, and SIGALRM ends one that takes too long.
    std::printf("%s\n", path.c_str());
    std::fflush(stdout);
    std::ifstream file(path, std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(file), {}};
    ::alarm(seconds_for_one);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  return inputs.empty() ? 1 : 0;
}
