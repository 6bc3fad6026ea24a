// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "rootfs/tree_sink.hpp"
#include "support/fd.hpp"

namespace ocibuild::rootfs {

/// Writes a tree into a directory of this machine, as the user that runs: owners are not kept, and
/// extended attributes as far as that user may set them.
///
/// Every name is opened below the descriptor of its directory and no symlink is ever followed,
/// whether it is of the tree or was there before. A file appears by rename. What is there already
/// stays, unless the tree has something of that name; only a directory is never replaced by
/// something else.
class DirectoryTree final : public TreeSink {
public:
  /// Makes `top`, with its parents, when it is missing. It may be a symlink itself.
  explicit DirectoryTree(std::filesystem::path top);

  /// @throws Error(Errc::failed, io-error, disk-full) naming the path on this machine;
  /// output-in-the-way for a directory where a file should go; output-needs-root for a device
  void enter(const oci::Entry& directory) override;
  void leave(const oci::Entry& directory) override;
  void add(const oci::Entry& entry, support::ByteSource& content) override;

private:
  int here() const { return open_.back().get(); }
  std::filesystem::path shown(const oci::Entry& entry) const { return top_ / entry.path.str(); }
  std::string temporary_name();
  void make(const oci::Entry& entry, const std::string& name, support::ByteSource& content);
  void make_file(const oci::Entry& entry, const std::string& name, support::ByteSource& content);
  void make_link(const oci::Entry& entry, const std::string& name);
  support::Fd open_parent(const oci::RootfsPath& path) const;

  std::filesystem::path top_;
  std::vector<support::Fd> open_;  ///< the directories entered, the top first
  unsigned names_ = 0;             ///< temporary ones so far
};

}  // namespace ocibuild::rootfs
