// SPDX-License-Identifier: Apache-2.0
#include "layer/file_set.hpp"

#include <iterator>
#include <unordered_map>
#include <utility>

namespace ocibuild::layer {

using oci::EntryType;

namespace {

/// Moves items[order[i]] to items[i], for all i. `order` is a permutation; afterwards nothing of it
/// is left.
void permute(std::vector<LayerFile>& items, std::vector<std::uint32_t>& order) {
  for (std::uint32_t start = 0; start < order.size(); ++start) {
    if (order[start] == start) continue;
    LayerFile first = std::move(items[start]);
    std::uint32_t at = start;
    while (order[at] != start) {
      const std::uint32_t from = std::exchange(order[at], at);
      items[at] = std::move(items[from]);
      at = from;
    }
    order[at] = at;
    items[at] = std::move(first);
  }
}

}  // namespace

FileSet::FileSet()
    : files_(std::make_unique<std::vector<LayerFile>>()),
      nodes_(std::make_unique<std::pmr::monotonic_buffer_resource>()),
      order_(ByPath{files_.get()}, nodes_.get()),
      next_(order_.end()) {}

FileSet::FileSet(FileSet&& other) noexcept
    : files_(std::move(other.files_)),
      nodes_(std::move(other.nodes_)),
      order_(std::move(other.order_)),
      next_(order_.end()),
      inodes_(std::move(other.inodes_)) {}

FileSet::Order::const_iterator FileSet::lower_bound(const oci::RootfsPath& path) const {
  const ByPath before = order_.key_comp();
  const bool is_next = (next_ == order_.begin() || before(*std::prev(next_), path)) &&
                       (next_ == order_.end() || !before(*next_, path));
  return is_next ? next_ : order_.lower_bound(path);
}

void FileSet::put(LayerFile file) {
  if (file.link_group != 0) inodes_.insert_or_assign(file.link_group, file.entry);
  auto at = lower_bound(file.entry.path);
  if (at != order_.end() && (*files_)[*at].entry.path == file.entry.path) {
    (*files_)[*at] = std::move(file);
  } else {
    files_->push_back(std::move(file));
    at = order_.insert(at, static_cast<Position>(files_->size() - 1));
  }
  next_ = std::next(at);
}

void FileSet::erase(const oci::RootfsPath& path) {
  next_ = order_.end();
  for (auto at = order_.lower_bound(path); at != order_.end();) {
    const oci::RootfsPath& found = (*files_)[*at].entry.path;
    if (!found.str().starts_with(path.str())) break;
    // "a-b" stands between "a" and "a/b".
    if (!found.is_within(path)) {
      ++at;
      continue;
    }
    const Position position = *at;
    at = order_.erase(at);
    (*files_)[position] = {};
  }
}

const LayerFile* FileSet::find(const oci::RootfsPath& path) const {
  const auto at = lower_bound(path);
  if (at == order_.end()) return nullptr;
  const LayerFile& file = (*files_)[*at];
  return file.entry.path == path ? &file : nullptr;
}

void FileSet::make_links(std::vector<LayerFile>& files) const {
  std::unordered_map<std::uint64_t, const LayerFile*> first_of_group;
  for (LayerFile& file : files) {
    if (file.link_group == 0) continue;
    oci::RootfsPath path = std::move(file.entry.path);
    file.entry = inodes_.at(file.link_group);
    file.entry.path = path;
    const auto [group, is_first] = first_of_group.emplace(file.link_group, &file);
    if (is_first) continue;
    // Attributes belong to the inode. They are repeated in full, extended ones too: an engine that
    // sets the owner of the link clears file capabilities, and puts back those of this entry.
    file = *group->second;
    file.entry.path = std::move(path);
    file.entry.type = EntryType::hard_link;
    file.entry.size = 0;
    file.entry.link_target = group->second->entry.path.str();
    file.content = nullptr;
  }
}

std::vector<LayerFile> FileSet::finish() && {
  std::vector<Position> order(order_.begin(), order_.end());
  const std::size_t count = order.size();
  if (count < files_->size()) {  // what was erased goes behind the others
    std::vector<bool> stays(files_->size());
    for (const Position position : order) stays[position] = true;
    for (Position position = 0; position < stays.size(); ++position) {
      if (!stays[position]) order.push_back(position);
    }
  }
  order_.clear();
  next_ = order_.end();
  permute(*files_, order);
  files_->resize(count);
  make_links(*files_);
  return std::move(*files_);
}

}  // namespace ocibuild::layer
