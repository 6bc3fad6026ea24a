// SPDX-License-Identifier: Apache-2.0
#include "build/draft.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::engine {

std::optional<oci::TreeFile> Draft::lookup(const oci::RootfsPath& path) const {
  if (const layer::LayerFile* file = files_.find(path)) {
    return oci::TreeFile{.entry = file->entry, .content = file->content, .inode = file->link_group};
  }
  return is_gone(path) ? std::nullopt : below_.lookup(path);
}

/// True if the image below has `path` in a directory that this layer replaced.
bool Draft::is_gone(const oci::RootfsPath& path) const {
  if (gone_.empty()) return false;
  const std::vector<oci::RootfsPath> parents = path.parents();
  return std::any_of(parents.begin(), parents.end(),
                     [&](const oci::RootfsPath& parent) { return gone_.count(parent) > 0; });
}

namespace {

/// In a layer such a name is an order to delete (image-spec layer.md, Whiteouts), never a file.
void refuse_whiteout(const oci::RootfsPath& path) {
  if (!path.name().starts_with(".wh.")) return;
  throw Error(Errc::failed, {"whiteout-name",
                             support::concat(support::quote(path.absolute()),
                                             " cannot be a file of an image: in a layer this name "
                                             "deletes another"),
                             {},
                             {},
                             {"give it a name that does not begin with \".wh.\", or leave it out "
                              "by the ignore file"}});
}

}  // namespace

std::int64_t Draft::file_time(std::int64_t of_source) const {
  const std::int64_t time = times_.preserve ? of_source : times_.fixed;
  return times_.not_after ? std::min(time, *times_.not_after) : time;
}

void Draft::throw_in_the_way(const oci::Entry& entry, std::string wanted) const {
  const auto below = is_gone(entry.path) ? std::nullopt : below_.lookup(entry.path);
  throw InTheWay{entry, std::move(wanted), !below || below->entry.type != entry.type};
}

const Draft::KnownDirectory* Draft::nearest(const oci::RootfsPath& path) const {
  const auto found = std::find_if(way_.rbegin(), way_.rend(), [&](const KnownDirectory& known) {
    return path.is_within(known.path);
  });
  return found == way_.rend() ? nullptr : &*found;
}

/// lookup() for what is about to be put.
std::optional<oci::TreeFile> Draft::existing(const oci::RootfsPath& path) const {
  const KnownDirectory* const above = nearest(path);
  const bool is_new = above != nullptr && !above->in_image;
  return is_new && files_.find(path) == nullptr ? std::nullopt : lookup(path);
}

void Draft::add_parents(const oci::RootfsPath& path) {
  if (!way_.empty() && path.is_directly_in(way_.back().path)) return;
  oci::RootfsPath directory = path.parent();
  const KnownDirectory* const above = nearest(directory);
  way_.resize(above == nullptr ? 0 : static_cast<std::size_t>(above - way_.data()) + 1);
  if (!way_.empty() && way_.back().path == directory) return;
  const std::vector<oci::RootfsPath> parents =
      way_.empty() ? path.parents() : path.parents_below(way_.back().path);
  for (const oci::RootfsPath& parent : parents) {
    if (files_.find(parent) != nullptr) continue;
    const auto existing = lookup(parent);
    if (!existing) continue;  // make_directories puts it
    layer::LayerFile file{.entry = existing->entry};
    file.entry.mtime = file_time(file.entry.mtime);
    files_.put(std::move(file));
  }
  const bool may_be = way_.empty() || way_.back().in_image;
  const bool in_image = may_be && !is_gone(path) && below_.lookup(directory).has_value();
  way_.push_back({std::move(directory), in_image});
}

oci::Entry Draft::new_directory(const oci::RootfsPath& path, const NewDirectory& metadata) const {
  constexpr std::uint32_t setgid = 02000;
  oci::Entry entry;
  entry.path = path;
  entry.type = oci::EntryType::directory;
  entry.mode = metadata.mode.value_or(0755);
  const auto parent = lookup(path.parent());
  const bool inherits = parent && (parent->entry.mode & setgid) != 0;
  if (inherits) entry.mode |= setgid;  // also to the bits of --chmod
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
      if (!existing->entry.is_directory()) throw_in_the_way(existing->entry, "a directory");
      continue;
    }
    refuse_whiteout(directory);
    add_parents(directory);
    files_.put({.entry = new_directory(directory, metadata)});
  }
}

void Draft::put(oci::Entry entry, std::shared_ptr<const oci::FileContent> content,
                std::uint64_t link_group) {
  if (const auto there = existing(entry.path);
      there && there->entry.is_directory() != entry.is_directory()) {
    throw_in_the_way(there->entry, entry.is_directory() ? "a directory" : "a file");
  }
  place(std::move(entry), std::move(content), link_group);
}

void Draft::replace(oci::Entry entry, std::shared_ptr<const oci::FileContent> content,
                    std::uint64_t link_group) {
  const auto there = existing(entry.path);
  if (there && !(there->entry.is_directory() && entry.is_directory())) remove(entry.path);
  place(std::move(entry), std::move(content), link_group);
}

void Draft::place(oci::Entry entry, std::shared_ptr<const oci::FileContent> content,
                  std::uint64_t link_group) {
  refuse_whiteout(entry.path);
  add_parents(entry.path);
  entry.mtime = file_time(entry.mtime);
  files_.put({.entry = std::move(entry), .content = std::move(content), .link_group = link_group});
}

void Draft::remove(const oci::RootfsPath& path) {
  const auto below = is_gone(path) ? std::nullopt : below_.lookup(path);
  if (below && below->entry.is_directory()) gone_.insert(path);
  files_.erase(path);
  way_.clear();
}

std::uint64_t Draft::share(const oci::RootfsPath& path) {
  const layer::LayerFile* file = files_.find(path);
  if (file != nullptr && file->link_group != 0) return file->link_group;
  const std::uint64_t group = new_link_group();
  const auto shared = lookup(path);
  place(shared->entry, shared->content, group);
  return group;
}

layer::FileSet Draft::take() && {
  for (const oci::RootfsPath& path : gone_) {
    const layer::LayerFile* file = files_.find(path);
    if (file == nullptr || !file->entry.is_directory()) continue;
    // A directory again, but not the one of the image: its contents must not shine through.
    oci::Entry mark;
    mark.path = path / layer::opaque_mark;
    mark.mtime = file_time(FileTimes{}.fixed);
    files_.put({.entry = std::move(mark)});
  }
  return std::move(files_);
}

}  // namespace ocibuild::engine
