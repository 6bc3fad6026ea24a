// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <ocibuild/digest.hpp>

#include "oci/raw_sha256.hpp"

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
/// git's index. It is read at once and searched where it lies; a thread that asks for paths in
/// their order costs no search at all.
///
/// A hint only: a file that is missing, truncated or foreign is an empty index. "Racily clean"
/// files, which can change once more without a change of their stamp, are not remembered: those
/// whose mtime or ctime is not older, by the coarsest clock of a file system, than the moment they
/// were learnt or the index was written. Thread-safe.
class StatIndex {
public:
  /// Nanoseconds since 1970; only tests set another than the system's.
  using Clock = std::function<std::int64_t()>;

  /// What becomes of what earlier builds learnt.
  enum class Earlier { used, replaced };

  /// Reads `file` when it exists, at the latest when something is asked; `replaced`: not at all.
  explicit StatIndex(std::filesystem::path file, Clock clock = system_clock(),
                     Earlier earlier = Earlier::used);
  ~StatIndex();

  std::optional<oci::RawSha256> find(std::string_view path, const FileStamp& stamp) const;
  /// `digest`: SHA-256 of the bytes read after `stamp` was taken and before it was found unchanged.
  void learn(std::string_view path, const FileStamp& stamp, const Digest& digest);
  /// Writes the index by rename when something was learnt; failure to write is not an error.
  /// At most a million files are kept; those of this run go first.
  void save() noexcept;
  static Clock system_clock();

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::context
