// SPDX-License-Identifier: Apache-2.0
#include "build/placement.hpp"

#include "rootfs/resolve.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

constexpr std::string_view kept_xattr = "security.capability";

}  // namespace

oci::RootfsPath Placement::destination() const {
  return rootfs::resolve(draft_, step_.destination);
}

void Placement::make_directories(const oci::RootfsPath& path) {
  Draft::NewDirectory metadata{.owner = owner_};
  if (step_.chmod && step_.chmod->octal()) metadata.mode = *step_.chmod->octal() & 0777;
  draft_.make_directories(path, metadata);
}

void Placement::put_named(oci::TreeFile file, std::string_view name) {
  const oci::RootfsPath target = destination();
  const auto existing = draft_.lookup(target);
  if (step_.destination_is_directory || (existing && existing->entry.is_directory())) {
    make_directories(target);
    return put(std::move(file), target / name, 0);
  }
  make_directories(target.parent());
  if (plain_target_ && *plain_target_ == target) warn_overwrites();
  plain_target_ = target;
  put(std::move(file), target, 0);
}

oci::Entry Placement::entry_for(oci::Entry entry, oci::RootfsPath target) const {
  entry.path = std::move(target);
  if (owner_) {
    entry.uid = owner_->uid;
    entry.gid = owner_->gid;
  }
  std::erase_if(entry.xattrs, [](const auto& xattr) { return xattr.first != kept_xattr; });
  return entry;
}

void Placement::put(oci::TreeFile file, oci::RootfsPath target, std::uint64_t link_group) {
  oci::Entry entry = entry_for(std::move(file.entry), std::move(target));
  if (step_.chmod && entry.type != oci::EntryType::symlink)
    entry.mode = step_.chmod->apply(entry.mode, entry.is_directory());
  draft_.put(std::move(entry), std::move(file.content), link_group);
}

void Placement::put_unpacked(oci::TreeFile file, const oci::RootfsPath& target,
                             std::uint64_t link_group) {
  draft_.replace(entry_for(std::move(file.entry), target), std::move(file.content), link_group);
}

void Placement::put_passage(oci::TreeFile directory, const oci::RootfsPath& target) {
  const auto existing = draft_.lookup(target);
  if (!existing || !existing->entry.is_directory()) return put(std::move(directory), target, 0);
  oci::Entry entry = existing->entry;
  entry.mode = directory.entry.mode;
  draft_.put(std::move(entry), nullptr, 0);
}

void Placement::warn_overwrites() {
  place_.findings.warning("copy-overwrites",
                          support::concat("several files are copied to the one file '",
                                          support::escape_controls(step_.destination_text.text),
                                          "', the last one stays"),
                          step_.destination_text.span,
                          {.helps = {"end the destination in '/' to copy into a directory"}});
}

}  // namespace ocibuild::engine
