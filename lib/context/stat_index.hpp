// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <ocibuild/digest.hpp>

namespace ocibuild::context {

/// Everything that tells, without reading it, that a file is the one seen before.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::int64_t ctime_ns = 0;
  std::uint32_t mode = 0;
  bool operator==(const FileStamp&) const = default;
};

/// Content digests of context files by path and stamp, in one file for each context root, like
/// git's index.
///
/// A hint only: a file that is missing, truncated or foreign is an empty index. Digests of files
/// whose mtime is not older than the moment the index was written are not used ("racily clean").
/// Thread-safe.
class StatIndex {
 public:
  /// Reads `file` when it exists.
  explicit StatIndex(std::filesystem::path file);
  ~StatIndex();

  std::optional<Digest> find(std::string_view path, const FileStamp& stamp) const;
  void learn(std::string_view path, const FileStamp& stamp, const Digest& digest);
  /// Writes the index by rename when something was learnt; failure to write is not an error.
  void save() noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::context
