// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rootfs/file_table.hpp"
#include "rootfs/indexed_file.hpp"

namespace ocibuild::rootfs {

/// What one layer says about paths: the facts of a base image, nothing of its bytes. Immutable,
/// thread-safe.
///
/// Looked up by binary search, so that a view asks for single paths without building the tree.
class LayerIndex {
public:
  /// One per path, in any order; of equal paths the last one counts. `whiteouts`: paths that the
  /// layer deletes from lower layers; `opaque`: directories whose lower contents it hides. A
  /// hard_link's target is a path of this layer or of lower ones.
  LayerIndex(std::vector<IndexedFile> files, std::vector<oci::RootfsPath> whiteouts,
             std::vector<oci::RootfsPath> opaque, std::uint64_t tar_size = 0);
  /// Of files that stay where they are, without whiteouts. `link_targets`: of their hard links.
  LayerIndex(std::shared_ptr<const FileSource> files, std::vector<oci::RootfsPath> link_targets);
  ~LayerIndex();

  const IndexedFile* find(const oci::RootfsPath& path) const;
  /// Names that this layer has directly in `directory`, sorted; also those of directories without
  /// an entry of their own.
  std::vector<std::string> children(const oci::RootfsPath& directory) const;
  /// True if lower layers cannot be seen at `path` through this one: a whiteout of it or of a
  /// parent, an opaque parent, or a parent that is no directory here. What this layer itself has at
  /// `path` is not considered.
  bool hides(const oci::RootfsPath& path) const;
  /// True if this layer has something below `path`: then `path` is a directory, with or without an
  /// entry.
  bool has_below(const oci::RootfsPath& path) const;
  /// True if a hard link of this layer names `path`.
  bool is_link_target(const oci::RootfsPath& path) const;
  /// Its files, sorted by path. Those of an index that was decoded are read when they are asked
  /// for.
  const FileTable& files() const { return files_; }
  /// Bytes of the uncompressed tar; 0 for layers that this build makes.
  std::uint64_t tar_size() const { return tar_size_; }

  /// Bytes for a cache file, and back; IndexedFile::content is not kept. decode() gives null for
  /// anything truncated, damaged or of another version.
  std::string encode() const;
  static std::shared_ptr<const LayerIndex> decode(std::string bytes);
  /// Reads all of it: false for what encode() never gives. An index of somebody else may be that.
  bool is_sound() const;

private:
  LayerIndex() = default;
  bool read(std::string bytes);

  std::string bytes_;  // that `files_` lies in, of a decoded index
  FileTable files_;
  std::vector<oci::RootfsPath> whiteouts_;     // sorted
  std::vector<oci::RootfsPath> opaque_;        // sorted
  std::vector<oci::RootfsPath> link_targets_;  // sorted; of hard links
  std::uint64_t tar_size_ = 0;
};

}  // namespace ocibuild::rootfs
