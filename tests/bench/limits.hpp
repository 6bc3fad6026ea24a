// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/bytes.hpp"

/// What this machine can do at best: each does the part of a build that it is named after by the
/// plainest calls there are, and none of what a build needs besides.
namespace bench {

/// SHA-256 of all bytes in one call.
void hash_at_once(ocibuild::support::Bytes bytes);
/// gzip in pieces of `chunk` bytes, each at the level that `level_of` says, that `threads` threads
/// take without waiting for each other; the result is thrown away.
void compress_at_once(ocibuild::support::Bytes bytes, int (*level_of)(ocibuild::support::Bytes),
                      std::size_t chunk, unsigned threads);
/// Opens, reads and closes each file.
void read_files(const std::vector<std::filesystem::path>& files);
/// Copies the bytes within memory, in blocks of a tar's buffer.
void copy_memory(ocibuild::support::Bytes bytes);
/// Writes a file that is there or not, without asking for its bytes to reach the disk.
void write_plainly(const std::filesystem::path& file, ocibuild::support::Bytes bytes);

}  // namespace bench
