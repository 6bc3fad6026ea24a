// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "context/stat_index.hpp"
#include "oci/rootfs_path.hpp"
#include "support/fd.hpp"

namespace ocibuild::context {

FileStamp stamp_of(const struct stat& file);

/// A directory of this machine whose files are opened component by component, so that no symlink
/// in it is ever followed, not even one that appears while it is read. Thread-safe.
class RootDirectory {
public:
  /// `path` itself may be a symlink. @throws Error(Errc::failed, context-missing)
  explicit RootDirectory(std::filesystem::path path);

  struct Opened {
    support::Fd fd;  ///< not open when there is no such file or it cannot be read
    int error = 0;   ///< then the error number
  };
  Opened open_directory(const oci::RootfsPath& path) const;
  /// Never waits for the other end of a FIFO.
  Opened open_file(const oci::RootfsPath& path) const;
  /// True if there is a file of any type. `path` is not the root.
  bool has(const oci::RootfsPath& path) const;
  /// Where the file is on this machine: for messages only.
  std::filesystem::path locate(const oci::RootfsPath& path) const;

private:
  friend class DirectoryWalk;
  std::filesystem::path path_;
  support::Fd fd_;
};

/// Opens directories in the order of a walk, each beside or below the last ones, which stay open:
/// one call of the system for each instead of one for every component. Not thread-safe.
class DirectoryWalk {
public:
  /// `root` must outlive it.
  explicit DirectoryWalk(const RootDirectory& root) : root_(root) {}

  struct At {
    int fd = -1;    ///< open until the next call; nobody has read from it
    int error = 0;  ///< when it is not open
  };
  At open(const oci::RootfsPath& path);

private:
  struct Step {
    oci::RootfsPath path;
    support::Fd fd;
  };
  const RootDirectory& root_;
  std::vector<Step> open_;  // each in the one before it; few, whatever the depth
};

/// @throws Error(Errc::failed) for a file or directory that was there and cannot be read now:
/// file-changed if it is gone or is something else, file-unreadable with advice otherwise
[[noreturn]] void throw_unreadable(const RootDirectory& root, const oci::RootfsPath& path,
                                   int error_number);
/// @throws Error(Errc::failed, file-changed)
[[noreturn]] void throw_changed(const RootDirectory& root, const oci::RootfsPath& path);

}  // namespace ocibuild::context
