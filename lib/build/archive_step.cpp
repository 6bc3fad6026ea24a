// SPDX-License-Identifier: Apache-2.0
#include "build/archive_step.hpp"

#include <map>

#include <ocibuild/error.hpp>

#include "rootfs/resolve.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

using oci::EntryType;
using oci::RootfsPath;

/// A directory as a root of its own: the engine unpacks there, and links lead nowhere else.
class Below final : public oci::FileLookup {
public:
  Below(const Draft& draft, RootfsPath top) : draft_(draft), top_(std::move(top)) {}
  std::optional<oci::TreeFile> lookup(const RootfsPath& path) const override {
    return draft_.lookup(in_image(path));
  }
  RootfsPath in_image(const RootfsPath& path) const { return top_ / path.str(); }

private:
  const Draft& draft_;
  const RootfsPath top_;
};

/// Carries out one archive.
class Unpacker {
public:
  Unpacker(const tar::Archive& archive, const std::string& what, Placement& placement,
           RootfsPath top)
      : archive_(archive),
        what_(what),
        placement_(placement),
        draft_(placement.draft()),
        below_(draft_, std::move(top)) {}

  void run() {
    for (const tar::ArchiveMember& member : archive_.members()) put(member);
  }

private:
  void put(const tar::ArchiveMember& member) {
    const RootfsPath target = directory_for(member.entry.path) / member.entry.path.name();
    oci::TreeFile file{.entry = member.entry};
    std::uint64_t link_group = 0;
    if (member.entry.type == EntryType::hard_link) {
      link_group = link(member, target, file);
    } else if (member.entry.type == EntryType::regular && member.entry.size > 0) {
      file.content = archive_.content(member);
    }
    if (!member.entry.is_directory()) known_.clear();  // a link may lead elsewhere from now on
    placement_.put_unpacked(std::move(file), target, link_group);
  }

  /// Where the directory of a member is; made with its parents, 0755 of root, when it is missing.
  /// @throws InTheWay for a file, and for a link to nothing
  const RootfsPath& directory_for(const RootfsPath& path) {
    const RootfsPath parent = path.parent();
    const auto [known, is_new] = known_.try_emplace(parent);
    if (!is_new) return known->second;
    for (const RootfsPath& component : (parent / "x").parents()) {
      const RootfsPath at = below_.in_image(rootfs::resolve(below_, component));
      if (draft_.lookup(at)) continue;
      const auto link = below_.lookup(rootfs::resolve_parents(below_, component));
      if (link) throw InTheWay{link->entry, "a directory"};
      draft_.make_directories(at, {.owner = rootfs::Owner{}});
    }
    known->second = below_.in_image(rootfs::resolve(below_, parent));
    draft_.make_directories(known->second, {});  // it exists: checks that it is a directory
    return known->second;
  }

  /// Makes `file` another name of what the member links to. Mode, owner and attributes are those of
  /// the link, as the engine sets them with every name.
  std::uint64_t link(const tar::ArchiveMember& member, const RootfsPath& target,
                     oci::TreeFile& file) {
    const RootfsPath named(member.entry.link_target);
    const RootfsPath at = below_.in_image(rootfs::resolve_parents(below_, named));
    const auto other = draft_.lookup(at);
    if (!other || other->entry.is_directory() || at == target) {
      throw Error(
          Errc::failed, "archive-link",
          support::concat(
              what_, " cannot be unpacked: its entry ", support::quote(member.entry.path.str()),
              " is a hard link to ", support::quote(named.str()),
              other && at != target ? ", a directory" : ", which does not exist there"));
    }
    file.entry.type = other->entry.type;
    file.entry.size = other->entry.size;
    file.entry.link_target = other->entry.link_target;
    file.entry.device_major = other->entry.device_major;
    file.entry.device_minor = other->entry.device_minor;
    if (file.entry.type == EntryType::symlink) file.entry.mode = other->entry.mode;
    file.content = other->content;
    return draft_.share(at);
  }

  const tar::Archive& archive_;
  const std::string& what_;
  Placement& placement_;
  Draft& draft_;
  const Below below_;
  std::map<RootfsPath, RootfsPath> known_;  // directory of the archive -> of the image
};

}  // namespace

void unpack(const tar::Archive& archive, const std::string& what, Placement& placement) {
  const RootfsPath top = placement.destination();
  // The engine gives this directory no --chmod, as it gives none to what it unpacks.
  placement.draft().make_directories(top, {.owner = placement.owner()});
  Unpacker(archive, what, placement, top).run();
}

}  // namespace ocibuild::engine
