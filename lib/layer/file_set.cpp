// SPDX-License-Identifier: Apache-2.0
#include "layer/file_set.hpp"

#include <iterator>
#include <unordered_map>
#include <utility>

namespace ocibuild::layer {

using oci::EntryType;

void FileSet::put(LayerFile file) {
  oci::RootfsPath path = file.entry.path;
  if (file.link_group != 0) inodes_.insert_or_assign(file.link_group, file.entry);
  files_.insert_or_assign(std::move(path), std::move(file));
}

void FileSet::erase(const oci::RootfsPath& path) {
  for (auto at = files_.lower_bound(path); at != files_.end();) {
    if (!at->first.str().starts_with(path.str())) break;
    // "a-b" stands between "a" and "a/b".
    at = at->first.is_within(path) ? files_.erase(at) : std::next(at);
  }
}

const LayerFile* FileSet::find(const oci::RootfsPath& path) const {
  const auto at = files_.find(path);
  return at == files_.end() ? nullptr : &at->second;
}

std::vector<LayerFile> FileSet::finish() const {
  std::vector<LayerFile> out;
  out.reserve(files_.size());
  std::unordered_map<std::uint64_t, std::size_t> first_of_group;  // -> index in `out`
  for (const auto& [path, file] : files_) {
    out.push_back(file);
    if (file.link_group == 0) continue;
    oci::Entry inode = inodes_.at(file.link_group);
    inode.path = path;
    out.back().entry = std::move(inode);
    const auto [group, is_first] = first_of_group.emplace(file.link_group, out.size() - 1);
    if (is_first) continue;
    // Attributes belong to the inode. They are repeated in full, extended ones too: an engine that
    // sets the owner of the link clears file capabilities, and puts back those of this entry.
    LayerFile link = out[group->second];
    link.entry.path = path;
    link.entry.type = EntryType::hard_link;
    link.entry.size = 0;
    link.entry.link_target = out[group->second].entry.path.str();
    link.content = nullptr;
    out.back() = std::move(link);
  }
  return out;
}

}  // namespace ocibuild::layer
