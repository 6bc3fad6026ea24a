// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_index.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace ocibuild::rootfs {

namespace {

using oci::RootfsPath;

std::string_view path_of(const IndexedFile& file) {
  return file.entry.path.str();
}
std::string_view path_of(const RootfsPath& path) {
  return path.str();
}
std::string_view path_of(const std::string& path) {
  return path;
}

/// The first item, in a list sorted by path, that is not before `path`.
template <typename T>
auto lower_bound(const std::vector<T>& list, std::string_view path) {
  return std::lower_bound(list.begin(), list.end(), path,
                          [](const T& item, std::string_view at) { return path_of(item) < at; });
}

template <typename T>
const T* find_in(const std::vector<T>& list, std::string_view path) {
  const auto at = lower_bound(list, path);
  return at != list.end() && path_of(*at) == path ? &*at : nullptr;
}

/// Sorts, and keeps the last of each group of equal paths.
template <typename T>
void sort_by_path(std::vector<T>& list) {
  const auto before = [](const T& a, const T& b) { return path_of(a) < path_of(b); };
  const auto same = [](const T& a, const T& b) { return path_of(a) == path_of(b); };
  if (std::adjacent_find(list.begin(), list.end(), std::not_fn(before)) == list.end()) return;
  std::reverse(list.begin(), list.end());
  std::stable_sort(list.begin(), list.end(), before);
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
}

/// What every path below `directory` begins with.
std::string prefix_of(const RootfsPath& directory) {
  return directory.is_root() ? std::string() : directory.str() + '/';
}

}  // namespace

LayerIndex::LayerIndex(std::vector<IndexedFile> files, std::vector<RootfsPath> whiteouts,
                       std::vector<RootfsPath> opaque, std::uint64_t tar_size)
    : files_(std::move(files)),
      whiteouts_(std::move(whiteouts)),
      opaque_(std::move(opaque)),
      tar_size_(tar_size) {
  sort_by_path(files_);
  sort_by_path(whiteouts_);
  sort_by_path(opaque_);
  for (const IndexedFile& file : files_) {
    if (file.entry.type == oci::EntryType::hard_link) {
      link_targets_.push_back(file.entry.link_target);
    }
  }
  sort_by_path(link_targets_);
}

LayerIndex::~LayerIndex() = default;

const IndexedFile* LayerIndex::find(const RootfsPath& path) const {
  return find_in(files_, path.str());
}

std::vector<std::string> LayerIndex::children(const RootfsPath& directory) const {
  const std::string prefix = prefix_of(directory);
  std::vector<std::string> names;
  auto at = lower_bound(files_, prefix);
  while (at != files_.end() && path_of(*at).starts_with(prefix)) {
    const std::string_view relative = path_of(*at).substr(prefix.size());
    const std::size_t slash = relative.find('/');
    names.emplace_back(relative.substr(0, slash));
    if (slash == std::string_view::npos) {
      ++at;
    } else {
      // Steps over everything below that child: '0' is the byte after '/'.
      at = lower_bound(files_, prefix + names.back() + '0');
    }
  }
  // "a", "a-b", "a/x" is the order of bytes, so that a name can come twice and out of order.
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool LayerIndex::hides(const RootfsPath& path) const {
  if (path.is_root()) return false;
  const std::string_view text = path.str();
  if (find_in(whiteouts_, text) != nullptr || find_in(opaque_, "") != nullptr) return true;
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos;
       slash = text.find('/', slash + 1)) {
    const std::string_view parent = text.substr(0, slash);
    if (find_in(whiteouts_, parent) != nullptr || find_in(opaque_, parent) != nullptr) return true;
    const IndexedFile* file = find_in(files_, parent);
    if (file != nullptr && !file->entry.is_directory()) return true;
  }
  return false;
}

bool LayerIndex::has_below(const RootfsPath& path) const {
  const std::string prefix = prefix_of(path);
  const auto at = lower_bound(files_, prefix);
  return at != files_.end() && path_of(*at).starts_with(prefix);
}

bool LayerIndex::is_link_target(const RootfsPath& path) const {
  return find_in(link_targets_, path.str()) != nullptr;
}

}  // namespace ocibuild::rootfs
