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

oci::Entry Draft::new_directory(const oci::RootfsPath& path, const NewDirectory& metadata) const {
  constexpr std::uint32_t setgid = 02000;
  oci::Entry entry;
  entry.path = path;
  entry.type = oci::EntryType::directory;
  entry.mode = metadata.mode.value_or(0755);
  const auto parent = lookup(path.parent());
  const bool inherits = parent && (parent->entry.mode & setgid) != 0;
  if (inherits && !metadata.mode) entry.mode |= setgid;
  if (metadata.owner) {
    entry.uid = metadata.owner->uid;
    entry.gid = metadata.owner->gid;
  } else if (inherits) {
    entry.gid = parent->entry.gid;
  }
  entry.mtime = file_time(FileTimes{}.fixed);  // made here: no source has a time that could be kept
  return entry;
}

void Draft::make_directories(const oci::RootfsPath& path, const NewDirectory& metadata) {
  std::vector<oci::RootfsPath> chain = path.parents();
  if (!path.is_root()) chain.push_back(path);
  for (const oci::RootfsPath& directory : chain) {
    if (const auto existing = lookup(directory)) {
      if (!existing->entry.is_directory()) throw InTheWay{existing->entry, "a directory"};
      continue;
    }
    add_parents(directory);
    files_.put({.entry = new_directory(directory, metadata)});
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
