// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ocibuild/digest.hpp>

#include "oci/entry.hpp"
#include "oci/raw_sha256.hpp"
#include "support/bytes.hpp"

namespace ocibuild::oci {

/// Content of a regular file, wherever its bytes are: in the build context or inside a layer blob.
/// Methods are thread-safe and may be called any number of times.
class FileContent {
public:
  virtual ~FileContent() = default;
  /// Yields exactly the entry's size bytes. @throws Error(Errc::failed, file-changed) when the file
  /// is no longer the one that was looked at
  virtual std::unique_ptr<support::ByteSource> open() const = 0;
  /// Yields the bytes from `offset` on, `size` of them: part of the entry's. As it stands here, by
  /// reading all that is before.
  virtual std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                          std::uint64_t size) const;
  /// True when a plain file or memory holds them: nothing has to be fetched or uncompressed first.
  virtual bool is_plain() const { return false; }
  /// Tells the bytes from all others of that size (oci/pieces.hpp); may have to read them.
  virtual Digest digest() const = 0;
  /// What tells them without reading them: digest(), or their SHA-256 where that is on record.
  virtual std::optional<RawSha256> known_digest() const { return std::nullopt; }
  /// Told by who has read all that open() gives: digest() need not read it again.
  virtual void learn_digest(const Digest& /*digest*/) const {}
};

/// A file of a tree. `content` is null for everything but regular files (an empty regular file may
/// have none).
struct TreeFile {
  Entry entry;  ///< entry.path is the path within the tree; never a hard_link (the tree resolves
                ///< those)
  std::shared_ptr<const FileContent> content{};
  /// Equal for two names of one inode, 0 when the file has one name.
  std::uint64_t inode = 0;
};

/// Files by path. Enough to follow symlinks (rootfs/resolve); no method here follows one.
class FileLookup {
public:
  virtual ~FileLookup() = default;
  /// The file at exactly `path`; the root is a directory and always there. Nothing when there is no
  /// such file, or a parent is no directory.
  virtual std::optional<TreeFile> lookup(const RootfsPath& path) const = 0;
};

/// A tree of files that COPY can read: the build context, or the root file system of a stage or
/// image.
class FileTree : public FileLookup {
public:
  /// Names in `directory`, sorted by bytes; empty if it is no directory.
  virtual std::vector<std::string> list(const RootfsPath& directory) const = 0;
  /// The files of list() one after the other. `visit` may ask the tree.
  virtual void each_child(const RootfsPath& directory,
                          const std::function<void(TreeFile)>& visit) const;
};

}  // namespace ocibuild::oci
