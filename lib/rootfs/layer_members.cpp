// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_members.hpp"

#include <iterator>
#include <utility>

#include <ocibuild/error.hpp>

#include "rootfs/resolve.hpp"
#include "support/text.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::EntryType;
using oci::RootfsPath;

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view reserved_prefix = ".wh..wh.";
constexpr std::string_view opaque_name = ".wh..wh..opq";

/// True for what the aufs driver kept beside the files: its hard link store, its lock.
bool is_reserved(const RootfsPath& path) {
  for (const std::string& component : support::split(path.str(), '/')) {
    if (component.starts_with(reserved_prefix)) return true;
  }
  return false;
}

}  // namespace

std::optional<oci::TreeFile> LayerMembers::lookup(const RootfsPath& path) const {
  const auto at = files_.find(path);
  if (at == files_.end()) return std::nullopt;
  return oci::TreeFile{.entry = at->second.entry};
}

std::vector<std::string> LayerMembers::list(const RootfsPath& directory) const {
  std::vector<std::string> names;
  for (const auto& [path, file] : files_) {
    if (path.parent() == directory) names.emplace_back(path.name());
  }
  return names;
}

/// Where an unpacker puts `path`: behind the symlinks that this layer has on the way.
RootfsPath LayerMembers::place(const RootfsPath& path) {
  return has_symlinks_ ? resolve_parents(*this, path) : path;
}

void LayerMembers::check_parents(const RootfsPath& path) const {
  for (const RootfsPath& parent : path.parents()) {
    const auto at = files_.find(parent);
    if (at == files_.end() || at->second.entry.is_directory()) continue;
    throw Error(Errc::failed, "archive-invalid",
                support::concat(what_, " cannot be unpacked: ", support::quote(path.absolute()),
                                " lies below ", support::quote(parent.absolute()),
                                ", which is no directory"));
  }
}

/// True if `path` is a mark and no file. A mark hides lower layers only, wherever it stands.
bool LayerMembers::take_whiteout(const RootfsPath& path) {
  const std::string_view name = path.name();
  if (name == opaque_name) {
    opaque_.push_back(path.parent());
    return true;
  }
  if (!name.starts_with(whiteout_prefix)) return false;
  const std::string_view hidden = name.substr(whiteout_prefix.size());
  // ".wh..." would hide the parent: no engine writes it, and it must not reach beyond its
  // directory.
  if (!hidden.empty() && hidden != "." && hidden != "..") {
    whiteouts_.push_back(path.parent() / hidden);
  }
  return true;
}

/// A file that is replaced lives on under its other names: the first of them becomes the file, the
/// others links to that.
void LayerMembers::keep_for_links(const IndexedFile& file) {
  const auto known = links_to_.find(file.entry.path);
  if (known == links_to_.end()) return;
  const std::set<RootfsPath> names = std::move(known->second);
  links_to_.erase(known);
  std::optional<RootfsPath> first;
  for (const RootfsPath& name : names) {
    const auto link = files_.find(name);
    const bool is_link = link != files_.end() && link->second.entry.type == EntryType::hard_link &&
                         link->second.entry.link_target == file.entry.path.str();
    if (!is_link) continue;
    if (!first) {
      first = name;
      link->second = file;
      link->second.entry.path = name;
    } else {
      link->second.entry.link_target = first->str();
      links_to_[*first].insert(name);
    }
  }
}

/// Makes room for another entry at `path`.
void LayerMembers::replace(const RootfsPath& path) {
  const auto begin = files_.find(path);
  if (begin == files_.end()) return;
  const IndexedFile old = std::move(begin->second);
  files_.erase(begin);
  if (!old.entry.is_directory()) {
    keep_for_links(old);
    return;
  }
  for (auto at = files_.lower_bound(path); at != files_.end();) {
    // "a-b" stands between "a" and "a/b".
    if (!at->first.str().starts_with(path.str())) break;
    if (!at->first.is_within(path)) {
      ++at;
      continue;
    }
    const IndexedFile below = std::move(at->second);
    at = files_.erase(at);
    keep_for_links(below);
  }
}

/// The name behind all hard links of this layer that begin at `path`. What was followed names it
/// directly from then on, so that long chains are not walked again and again.
RootfsPath LayerMembers::behind_links(const RootfsPath& path) {
  std::vector<IndexedFile*> followed;
  RootfsPath end = path;
  for (auto at = files_.find(end);
       at != files_.end() && at->second.entry.type == EntryType::hard_link; at = files_.find(end)) {
    followed.push_back(&at->second);
    end = RootfsPath(at->second.entry.link_target);
  }
  for (IndexedFile* link : followed) {
    link->entry.link_target = end.str();
    links_to_[end].insert(link->entry.path);
  }
  return end;
}

/// One inode has one owner and mode: unpackers set them anew with every name, so the last link
/// decides (seen on the engine: a link's 0644 takes the setuid bit from the file).
void LayerMembers::take_metadata_of_link(const oci::Entry& link) {
  const auto target = files_.find(RootfsPath(link.link_target));
  if (target == files_.end() || target->second.entry.type == EntryType::symlink) return;
  oci::Entry& inode = target->second.entry;
  inode.mode = link.mode;
  inode.uid = link.uid;
  inode.gid = link.gid;
  inode.mtime = link.mtime;
}

void LayerMembers::add(IndexedFile file) {
  const RootfsPath path = place(file.entry.path);
  if (path.is_root()) return;  // the root's own metadata is never asked for
  const bool opaque_mark = path.name() == opaque_name && !is_reserved(path.parent());
  if (is_reserved(path) && !opaque_mark) return;
  check_parents(path);
  if (take_whiteout(path)) return;

  const auto existing = files_.find(path);
  const bool stays_directory = existing != files_.end() && file.entry.is_directory() &&
                               existing->second.entry.is_directory();
  const bool is_link = file.entry.type == EntryType::hard_link;
  if (is_link) {
    // A chain that would end where it begins is cut here: no circle of links ever stands in files_.
    file.entry.link_target = behind_links(place(RootfsPath(file.entry.link_target))).str();
    if (file.entry.link_target == path.str()) return;  // a name of itself changes nothing
  }
  if (!stays_directory) replace(path);
  if (is_link) {
    links_to_[RootfsPath(file.entry.link_target)].insert(path);
    take_metadata_of_link(file.entry);
  }
  if (file.entry.type == EntryType::symlink) has_symlinks_ = true;
  file.entry.path = path;
  files_.insert_or_assign(path, std::move(file));
}

std::shared_ptr<const LayerIndex> LayerMembers::finish(std::uint64_t tar_size) {
  std::vector<IndexedFile> files;
  files.reserve(files_.size());
  for (auto& [path, file] : files_) files.push_back(std::move(file));
  return std::make_shared<LayerIndex>(std::move(files), std::move(whiteouts_), std::move(opaque_),
                                      tar_size);
}

}  // namespace ocibuild::rootfs
