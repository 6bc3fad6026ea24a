// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <set>
#include <string_view>
#include <vector>

#include "oci/entry.hpp"
#include "oci/file_tree.hpp"

namespace ocibuild::layer {

/// One file on its way into a layer.
struct LayerFile {
  oci::Entry entry;
  std::shared_ptr<const oci::FileContent> content{};  ///< regular files with size > 0
  /// Files of one non-zero group are names of one inode: the first path in order becomes the file,
  /// the others hard links to it.
  std::uint64_t link_group = 0;
};

/// Name of a file that hides what lower layers have in its directory (image-spec layer.md).
inline constexpr std::string_view opaque_mark = ".wh..wh..opq";

/// The files of one layer, sorted by the bytes of their paths, each path once. Not thread-safe.
///
/// Quick for files that come in the order of their paths, or nearly so, as those of a walk do.
class FileSet {
public:
  FileSet();
  FileSet(FileSet&& other) noexcept;

  /// Adds, or replaces the file of that path. Files of one link group have one inode: mode, owner,
  /// time and attributes of the last one that was put count for all.
  void put(LayerFile file);
  /// Takes `path` away, with everything below it.
  void erase(const oci::RootfsPath& path);
  /// Null when there is none. Lives until the set changes.
  const LayerFile* find(const oci::RootfsPath& path) const;
  bool empty() const { return order_.empty(); }
  std::size_t size() const { return order_.size(); }

  /// The files in order with link groups turned into hard links. A group of one is a plain file.
  std::vector<LayerFile> finish() &&;

private:
  using Position = std::uint32_t;
  /// Orders positions by the paths there; also compares them with paths.
  struct ByPath {
    using is_transparent = void;
    const std::vector<LayerFile>* files;
    const oci::RootfsPath& path(Position at) const { return (*files)[at].entry.path; }
    const oci::RootfsPath& path(const oci::RootfsPath& path) const { return path; }
    bool operator()(const auto& a, const auto& b) const { return path(a) < path(b); }
  };
  using Order = std::pmr::set<Position, ByPath>;

  Order::const_iterator lower_bound(const oci::RootfsPath& path) const;
  void make_links(std::vector<LayerFile>& files) const;

  std::unique_ptr<std::vector<LayerFile>> files_;  // as they came; what was erased is empty
  /// Of the order's nodes: they lie as they came, which is how they are gone through.
  std::unique_ptr<std::pmr::monotonic_buffer_resource> nodes_;
  Order order_;
  Order::const_iterator next_;                  // where the next file belongs, most likely
  std::map<std::uint64_t, oci::Entry> inodes_;  // link group -> what was put last
};

}  // namespace ocibuild::layer
