// SPDX-License-Identifier: Apache-2.0
#include "build/draft.hpp"

#include <algorithm>

namespace ocibuild::engine {

std::optional<oci::TreeFile> Draft::lookup(const oci::RootfsPath& path) const {
  if (const layer::LayerFile* file = files_.find(path)) {
    return oci::TreeFile{.entry = file->entry, .content = file->content, .inode = file->link_group};
  }
  return below_.lookup(path);
}

std::int64_t Draft::file_time(std::int64_t of_source) const {
  const std::int64_t time = times_.preserve ? of_source : times_.fixed;
  return times_.not_after ? std::min(time, *times_.not_after) : time;
}

void Draft::add_parents(const oci::RootfsPath& path) {
  for (const oci::RootfsPath& parent : path.parents()) {
    if (files_.find(parent) != nullptr) continue;
    const auto existing = below_.lookup(parent);
    if (!existing) continue;  // make_directories puts it
    layer::LayerFile file{.entry = existing->entry};
    file.entry.mtime = file_time(file.entry.mtime);
    files_.put(std::move(file));
  }
}

void Draft::make_directories(const oci::RootfsPath& path, rootfs::Owner owner, std::uint32_t mode) {
  std::vector<oci::RootfsPath> chain = path.parents();
  if (!path.is_root()) chain.push_back(path);
  for (const oci::RootfsPath& directory : chain) {
    if (const auto existing = lookup(directory)) {
      if (!existing->entry.is_directory()) throw InTheWay{existing->entry, "a directory"};
      continue;
    }
    add_parents(directory);
    layer::LayerFile file;
    file.entry.path = directory;
    file.entry.type = oci::EntryType::directory;
    file.entry.mode = mode;
    file.entry.uid = owner.uid;
    file.entry.gid = owner.gid;
    file.entry.mtime =
        file_time(FileTimes{}.fixed);  // made here: there is no source whose time could be kept
    files_.put(std::move(file));
  }
}

void Draft::put(oci::Entry entry, std::shared_ptr<const oci::FileContent> content,
                std::uint64_t link_group) {
  if (const auto existing = lookup(entry.path);
      existing && existing->entry.is_directory() != entry.is_directory()) {
    throw InTheWay{existing->entry, entry.is_directory() ? "a directory" : "a file"};
  }
  add_parents(entry.path);
  entry.mtime = file_time(entry.mtime);
  files_.put({.entry = std::move(entry), .content = std::move(content), .link_group = link_group});
}

}  // namespace ocibuild::engine
