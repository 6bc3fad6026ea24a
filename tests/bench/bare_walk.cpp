// SPDX-License-Identifier: Apache-2.0
// bare_walk DIRECTORY: a whole process that does bare_walk() and nothing else.
#include "bare_walk.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::printf("%ld\n", bare_walk(AT_FDCWD, argv[1]));
}
