// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>

#include "oci/file_tree.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild::rootfs {

/// Takes the files of a whole tree, each behind the directory it is in.
class TreeSink {
public:
  virtual ~TreeSink() = default;
  /// What comes until leave() is in this directory or below it. The root is never entered.
  virtual void enter(const oci::Entry& directory) = 0;
  virtual void leave(const oci::Entry& directory) = 0;
  /// Everything that is no directory. `content` yields entry.size bytes; a hard_link names a file
  /// that was added before.
  virtual void add(const oci::Entry& entry, support::ByteSource& content) = 0;
};

/// Gives all files of `tree` to `out`, names sorted by their bytes. Of the names of one inode the
/// first is the file and the others are hard links to it.
/// @throws Error(Errc::failed, blob-corrupt) for a content that is not what its layer's index says
void write_tree(const oci::FileTree& tree, TreeSink& out, const std::stop_token& stop);

/// The tree as members of a tar below `top`, owners and all (docs/reference/image.md, 2).
class TarTree final : public TreeSink {
public:
  /// `out` must outlive this; the caller finishes it.
  TarTree(tar::TarWriter& out, oci::RootfsPath top) : out_(out), top_(std::move(top)) {}

  void enter(const oci::Entry& directory) override;
  void leave(const oci::Entry&) override {}
  void add(const oci::Entry& entry, support::ByteSource& content) override;

private:
  tar::TarWriter& out_;
  const oci::RootfsPath top_;
};

}  // namespace ocibuild::rootfs
