// SPDX-License-Identifier: Apache-2.0
#include "rootfs/view.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "oci/pieces.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::EntryType;
using oci::RootfsPath;

constexpr unsigned most_links = 255;  // hard links that name each other in a circle end somewhere

/// Content of a file in a scanned layer.
class LayerFile final : public oci::FileContent {
public:
  LayerFile(std::shared_ptr<const LayerContents> contents, const IndexedFile& file)
      : contents_(std::move(contents)),
        offset_(file.offset),
        size_(file.entry.size),
        digest_(file.digest) {}

  std::unique_ptr<support::ByteSource> open() const override {
    return contents_->open(offset_, size_);
  }
  std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                  std::uint64_t size) const override {
    return contents_->open(offset_ + offset, size);
  }
  std::optional<oci::RawSha256> known_digest() const override {
    if (!digest_) return std::nullopt;
    return oci::raw_sha256(*digest_);
  }
  Digest digest() const override {
    if (digest_) return *digest_;
    const auto source = open();
    return oci::content_digest(*source);
  }

private:
  std::shared_ptr<const LayerContents> contents_;
  std::uint64_t offset_;
  std::uint64_t size_;
  std::optional<Digest> digest_;
};

oci::Entry plain_directory(const RootfsPath& path) {
  oci::Entry entry;
  entry.path = path;
  entry.type = EntryType::directory;
  entry.mode = 0755;
  return entry;
}

}  // namespace

void View::add(std::shared_ptr<const LayerIndex> index,
               std::shared_ptr<const LayerContents> contents, std::string made_by) {
  layers_.push_back({std::move(index), std::move(contents), std::move(made_by)});
}

std::string View::made_by(const RootfsPath& path) const {
  const std::optional<Place> at = locate(path, layers_.size());
  return at ? layers_[at->layer].made_by : std::string();
}

std::optional<View::Place> View::locate(const RootfsPath& path, std::size_t top) const {
  std::optional<Place> found;  // a directory that so far has no entry
  for (std::size_t layer = top; layer-- > 0;) {
    const LayerIndex& index = *layers_[layer].index;
    const IndexedFile* file = index.find(path);
    if (file != nullptr) {
      // What a layer puts below a path makes that a directory, whatever it was in lower layers.
      return !found || file->entry.is_directory() ? Place{layer, file} : *found;
    }
    // An unpacker makes it, but leaves a directory of a lower layer as it is.
    if (!found && index.has_below(path)) found = Place{layer, nullptr};
    if (index.hides(path)) break;
  }
  return found;
}

std::optional<View::Place> View::find(const RootfsPath& path) const {
  std::optional<Place> at = locate(path, layers_.size());
  for (unsigned links = 0; links < most_links; ++links) {
    if (!at || at->file == nullptr || at->file->entry.type != EntryType::hard_link) return at;
    const RootfsPath target(at->file->entry.link_target);
    const IndexedFile* same_layer = layers_[at->layer].index->find(target);
    at = same_layer != nullptr ? Place{at->layer, same_layer} : locate(target, at->layer);
    const bool is_file = at && at->file != nullptr && !at->file->entry.is_directory();
    if (!is_file) return std::nullopt;
  }
  return std::nullopt;
}

std::optional<oci::TreeFile> View::lookup(const RootfsPath& path) const {
  if (path.is_root()) return oci::TreeFile{.entry = plain_directory(path)};
  const std::optional<Place> at = find(path);
  if (!at) return std::nullopt;
  if (at->file == nullptr) return oci::TreeFile{.entry = plain_directory(path)};
  const IndexedFile& file = *at->file;
  const Layer& layer = layers_[at->layer];
  oci::TreeFile out{.entry = file.entry, .content = file.content};
  out.entry.path = path;
  if (!out.content && layer.contents && file.entry.type == EntryType::regular) {
    out.content = std::make_shared<LayerFile>(layer.contents, file);
  }
  const bool linked = file.entry.path != path ||
                      std::any_of(layers_.begin(), layers_.end(), [&](const Layer& some) {
                        return some.index->is_link_target(path);
                      });
  if (linked && !file.entry.is_directory()) {
    const std::uint64_t position = layer.index->files().lower_bound(file.entry.path.str());
    out.inode = (std::uint64_t{at->layer} + 1) << 40 | position;
  }
  return out;
}

std::vector<std::string> View::list(const RootfsPath& directory) const {
  if (!directory.is_root()) {
    const auto here = locate(directory, layers_.size());
    if (!here || (here->file != nullptr && !here->file->entry.is_directory())) return {};
  }
  std::vector<std::string> names;
  for (const Layer& layer : layers_) {
    std::vector<std::string> more = layer.index->children(directory);
    std::move(more.begin(), more.end(), std::back_inserter(names));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::erase_if(names, [&](const std::string& name) { return !find(directory / name); });
  return names;
}

}  // namespace ocibuild::rootfs
