// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "oci/file_tree.hpp"
#include "rootfs/layer_contents.hpp"
#include "rootfs/layer_index.hpp"

namespace ocibuild::rootfs {

/// The root file system of a stage: layers laid over each other, asked path by path
/// (docs/reference/image.md, 5).
///
/// A value: copying shares the layers. Hard links are answered as the file they name, with a common
/// inode number. Extended attributes are those of the layer; COPY decides which it keeps.
class View final : public oci::FileTree {
 public:
  /// The empty root, as of scratch.
  View() = default;
  /// Lays one layer on top. `contents` is null for layers this build makes.
  void add(std::shared_ptr<const LayerIndex> index, std::shared_ptr<const LayerContents> contents);

  std::optional<oci::TreeFile> lookup(const oci::RootfsPath& path) const override;
  std::vector<std::string> list(const oci::RootfsPath& directory) const override;
  bool has_layers() const { return !layers_.empty(); }

 private:
  struct Layer {
    std::shared_ptr<const LayerIndex> index;
    std::shared_ptr<const LayerContents> contents;
  };
  std::vector<Layer> layers_;  // base first
};

}  // namespace ocibuild::rootfs
