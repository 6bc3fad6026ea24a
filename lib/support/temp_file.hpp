// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "support/bytes.hpp"
#include "support/fd.hpp"

namespace ocibuild::support {

/// Whether a file is on the disk before it has its name. Without, a machine that stops may leave
/// any bytes under the name.
enum class Flush { yes, no };

/// A file that appears complete or not at all: written under a temporary name, flushed, renamed.
///
/// The destructor removes a file that was not committed. Temporary names start with ".ocibuild-" so
/// that left-over ones of killed processes can be found (remove_stale_temp_files).
class TempFile final : public ByteSink {
public:
  /// Creates `directory` when missing. Mode 0644 less the umask.
  explicit TempFile(std::filesystem::path directory);
  TempFile(TempFile&& other) noexcept;
  TempFile& operator=(TempFile&&) = delete;
  ~TempFile() override;

  void write(Bytes bytes) override;
  int fd() const { return fd_.get(); }
  const std::filesystem::path& path() const { return path_; }

  /// Flushes to the disk and closes; nothing can be written afterwards. Called by commit() when not
  /// called before.
  void close();

  /// Renames to `target` (same file system), replacing what is there.
  void commit(const std::filesystem::path& target, Flush flush = Flush::yes);

private:
  std::filesystem::path path_;  // empty once committed or moved from
  Fd fd_;
  std::uint64_t written_ = 0;
  std::uint64_t begun_ = 0;  // of what was written, the part that is on its way to the disk
};

/// A descriptor of a file in `directory` that has no name any more: gone with the process, however
/// that ends.
Fd open_unnamed(const std::filesystem::path& directory);

/// Writes a file through a TempFile in the same directory, without waiting for the disk.
void write_unflushed(const std::filesystem::path& target, std::string_view text);

/// Temporary files and directories in `directory` that are older than a day: whoever made them was
/// killed. None of a directory that cannot be read.
std::vector<std::filesystem::path> stale_temp_files(const std::filesystem::path& directory);
/// Lengths of all regular files that `path` is or holds.
std::uint64_t size_below(const std::filesystem::path& path);
/// Removes temporary files and directories in `directory` that are older than a day; never throws.
void remove_stale_temp_files(const std::filesystem::path& directory) noexcept;

}  // namespace ocibuild::support
