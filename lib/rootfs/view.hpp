// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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
/// inode number. A directory that has no entry in any layer is 0755 and of 0:0. Extended attributes
/// are those of the layer; COPY decides which it keeps.
class View final : public oci::FileTree {
public:
  /// The empty root, as of scratch.
  View() = default;
  /// Lays one layer on top. `contents` is null for layers this build makes. `made_by`: what made
  /// the layer, for messages.
  void add(std::shared_ptr<const LayerIndex> index, std::shared_ptr<const LayerContents> contents,
           std::string made_by = {});

  std::optional<oci::TreeFile> lookup(const oci::RootfsPath& path) const override;
  std::vector<std::string> list(const oci::RootfsPath& directory) const override;
  /// What made the layer that has `path`: "layer 2 of debian:12". Empty when that is not known.
  std::string made_by(const oci::RootfsPath& path) const;
  bool has_layers() const { return !layers_.empty(); }

private:
  struct Layer {
    std::shared_ptr<const LayerIndex> index;
    std::shared_ptr<const LayerContents> contents;
    std::string made_by;
  };
  /// Where an entry is. `file` is null for a directory without an entry.
  struct Place {
    std::size_t layer;
    const IndexedFile* file;
  };
  /// In the layers below `top`, hard links not followed.
  std::optional<Place> locate(const oci::RootfsPath& path, std::size_t top) const;
  /// In all layers, hard links followed; nothing for one that names nothing.
  std::optional<Place> find(const oci::RootfsPath& path) const;

  std::vector<Layer> layers_;  // base first
};

}  // namespace ocibuild::rootfs
