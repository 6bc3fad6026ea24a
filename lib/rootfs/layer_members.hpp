// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "oci/file_tree.hpp"
#include "rootfs/layer_index.hpp"

namespace ocibuild::rootfs {

/// Collects the members of a layer in the order of its tar, as an unpacker of that layer alone
/// would lay them out (docs/reference/dockerfile.md, 16.5). Not thread-safe.
class LayerMembers final : public oci::FileTree {
public:
  /// `what` names the layer in errors.
  explicit LayerMembers(std::string what) : what_(std::move(what)) {}

  /// @throws Error(Errc::failed, archive-invalid) for a member below a file
  void add(IndexedFile file);
  /// Ends it; call once. `tar_size`: bytes of the whole tar.
  std::shared_ptr<const LayerIndex> finish(std::uint64_t tar_size);

  // What was added so far: that is what later members are placed through.
  std::optional<oci::TreeFile> lookup(const oci::RootfsPath& path) const override;
  std::vector<std::string> list(const oci::RootfsPath& directory) const override;

private:
  oci::RootfsPath place(const oci::RootfsPath& path);
  void check_parents(const oci::RootfsPath& path) const;
  bool take_whiteout(const oci::RootfsPath& path);
  void replace(const oci::RootfsPath& path);
  void keep_for_links(const IndexedFile& file);
  oci::RootfsPath behind_links(const oci::RootfsPath& path);
  void take_metadata_of_link(const oci::Entry& link);

  std::string what_;
  std::map<oci::RootfsPath, IndexedFile> files_;
  std::vector<oci::RootfsPath> whiteouts_;
  std::vector<oci::RootfsPath> opaque_;
  /// Hard links by what they name; may list names that are none any more.
  std::map<oci::RootfsPath, std::set<oci::RootfsPath>> links_to_;
  bool has_symlinks_ = false;
};

}  // namespace ocibuild::rootfs
