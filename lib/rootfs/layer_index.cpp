// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_index.hpp"

#include <algorithm>
#include <utility>

#include "rootfs/sorted_paths.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::RootfsPath;

bool has(const std::vector<RootfsPath>& sorted, std::string_view path) {
  const auto at = lower_bound_of(sorted, path);
  return at != sorted.end() && path_of(*at) == path;
}

const IndexedFile* find_in(const FileTable& files, std::string_view path) {
  const std::size_t at = files.lower_bound(path);
  return at < files.size() && files.path_at(at) == path ? &files.at(at) : nullptr;
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
  sort_by_path(whiteouts_);
  sort_by_path(opaque_);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const oci::Entry& entry = files_.at(i).entry;
    if (entry.type == oci::EntryType::hard_link) link_targets_.emplace_back(entry.link_target);
  }
  sort_by_path(link_targets_);
}

LayerIndex::LayerIndex(std::shared_ptr<const FileSource> files,
                       std::vector<RootfsPath> link_targets)
    : files_(std::move(files)), link_targets_(std::move(link_targets)) {
  sort_by_path(link_targets_);
}

LayerIndex::~LayerIndex() = default;

const IndexedFile* LayerIndex::find(const RootfsPath& path) const {
  return find_in(files_, path.str());
}

std::vector<std::string> LayerIndex::children(const RootfsPath& directory) const {
  const std::string prefix = prefix_of(directory);
  std::vector<std::string> names;
  std::size_t at = files_.lower_bound(prefix);
  while (at < files_.size() && files_.path_at(at).starts_with(prefix)) {
    const std::string_view relative = files_.path_at(at).substr(prefix.size());
    const std::size_t slash = relative.find('/');
    if (!relative.empty()) names.emplace_back(relative.substr(0, slash));
    if (slash == std::string_view::npos) {
      ++at;
    } else {
      // Steps over everything below that child: '0' is the byte after '/'.
      at = std::max(at + 1, files_.lower_bound(prefix + names.back() + '0'));
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
  if (has(whiteouts_, text) || has(opaque_, "")) return true;
  for (std::size_t slash = text.find('/'); slash != std::string_view::npos;
       slash = text.find('/', slash + 1)) {
    const std::string_view parent = text.substr(0, slash);
    if (has(whiteouts_, parent) || has(opaque_, parent)) return true;
    const IndexedFile* file = find_in(files_, parent);
    if (file != nullptr && !file->entry.is_directory()) return true;
  }
  return false;
}

bool LayerIndex::has_below(const RootfsPath& path) const {
  const std::string prefix = prefix_of(path);
  const std::size_t at = files_.lower_bound(prefix);
  return at < files_.size() && files_.path_at(at).starts_with(prefix);
}

bool LayerIndex::is_link_target(const RootfsPath& path) const {
  return has(link_targets_, path.str());
}

}  // namespace ocibuild::rootfs
