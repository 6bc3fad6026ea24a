// SPDX-License-Identifier: Apache-2.0
#include "build/copy_step.hpp"

#include <map>

#include "build/copy_errors.hpp"
#include "build/draft.hpp"
#include "oci/glob.hpp"
#include "rootfs/accounts.hpp"
#include "rootfs/resolve.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

constexpr std::string_view kept_xattr = "security.capability";

/// Numbers for --chown and USER. Unknown names are the engine's 0 with a warning; on an empty root
/// nothing can be looked up, which is an error as in the engine. Nothing after an error.
std::optional<rootfs::Owner> look_up(std::string_view text, const dockerfile::Span& span,
                                     const StepPlace& place) {
  const rootfs::OwnerLookup found = rootfs::look_up_owner(place.image, text);
  for (const auto& unknown : {found.unknown_user, found.unknown_group}) {
    if (!unknown) continue;
    if (!place.image.has_layers()) {
      place.findings.error("chown-no-accounts",
                           concat("'", support::escape_controls(unknown->name),
                                  "' cannot be looked up: the image is empty"),
                           span, {.helps = {"use numbers, for example --chown=1000:1000"}});
      return std::nullopt;
    }
    warn_account_unknown(place.findings, *unknown, span);
  }
  return found.owner;
}

/// Carries out one COPY on a draft.
class Copier {
public:
  Copier(const plan::CopyStep& step, const CopyOrigin& origin, const StepPlace& place,
         CopyCounts& counts, std::optional<rootfs::Owner> owner)
      : step_(step),
        origin_(origin),
        place_(place),
        counts_(counts),
        owner_(owner),
        draft_(place.image, place.times) {}

  void copy(const plan::Text& source) {
    source_ = &source;
    if (!oci::has_wildcard(source.text)) return copy_named(oci::RootfsPath(source.text));
    const auto matches = expand(source);
    if (!matches) return;
    if (matches->empty()) warn_no_match();
    for (const oci::RootfsPath& match : *matches) copy_named(match);
  }

  layer::FileSet take() && { return std::move(draft_).take(); }

private:
  /// Nothing, and an error, when the pattern is malformed.
  std::optional<std::vector<oci::RootfsPath>> expand(const plan::Text& source) const {
    const oci::SplitPattern pattern = oci::split_pattern(source.text);
    const oci::RootfsPath base = rootfs::resolve(origin_.tree, oci::RootfsPath(pattern.fixed));
    try {
      return oci::expand(origin_.tree, base, pattern.rest);
    } catch (const Error& error) {
      if (error.diagnostic().id != "pattern-invalid") throw;
      place_.findings.error(error.diagnostic().id, error.what(), source.span,
                            {.helps = error.diagnostic().helps});
      return std::nullopt;
    }
  }

  void copy_named(const oci::RootfsPath& path) {
    const auto file = rootfs::find(origin_.tree, path);
    if (!file) {
      plan::Text missing = *source_;
      if (oci::has_wildcard(missing.text)) missing.text = path.str();
      return report_source_missing(place_.findings, missing, origin_);
    }
    try {
      const oci::RootfsPath destination = rootfs::resolve(draft_, step_.destination);
      links_.clear();
      if (file->entry.is_directory()) {
        make_directories(destination);
        copy_children(file->entry.path, destination);
      } else {
        copy_file(*file, path.name(), destination);
      }
    } catch (const InTheWay& blocked) {
      report_destination_blocked(place_.findings, blocked, step_.destination_text.span);
    } catch (const Error& error) {
      // A symlink that leads nowhere is a mistake of this line; anything else is none of it.
      if (error.diagnostic().id != "symlink-loop") throw;
      place_.findings.error(error.diagnostic().id, error.what(), step_.destination_text.span,
                            {.notes = error.diagnostic().notes});
    }
  }

  /// One named file: into the destination when that is or wants to be a directory, else as the
  /// destination.
  void copy_file(const oci::TreeFile& file, std::string_view name,
                 const oci::RootfsPath& destination) {
    const auto existing = draft_.lookup(destination);
    if (step_.destination_is_directory || (existing && existing->entry.is_directory())) {
      make_directories(destination);
      return put(file, destination / name, false);
    }
    make_directories(destination.parent());
    if (plain_target_ && *plain_target_ == destination) warn_overwrites();
    plain_target_ = destination;
    put(file, destination, false);
  }

  void copy_children(const oci::RootfsPath& from, const oci::RootfsPath& to) {
    for (const std::string& name : origin_.tree.list(from)) {
      const auto child = origin_.tree.lookup(from / name);
      if (!child) continue;
      put(*child, to / name, true);
      if (child->entry.is_directory()) copy_children(child->entry.path, to / name);
    }
  }

  /// `in_tree`: below a directory source, where names of one inode stay links of each other.
  void put(const oci::TreeFile& file, const oci::RootfsPath& target, bool in_tree) {
    oci::Entry entry = file.entry;
    entry.path = target;
    if (owner_) {
      entry.uid = owner_->uid;
      entry.gid = owner_->gid;
    }
    if (step_.chmod && entry.type != oci::EntryType::symlink)
      entry.mode = step_.chmod->apply(entry.mode, entry.is_directory());
    std::erase_if(entry.xattrs, [](const auto& xattr) { return xattr.first != kept_xattr; });
    std::uint64_t group = 0;
    if (in_tree && file.inode != 0 && entry.type == oci::EntryType::regular) {
      group = links_.try_emplace(file.inode, next_group_).first->second;
      if (group == next_group_) ++next_group_;
    }
    if (entry.type == oci::EntryType::regular && origin_.context != nullptr) {
      ++counts_.files;
      counts_.bytes += entry.size;
    }
    draft_.put(std::move(entry), file.content, group);
  }

  void make_directories(const oci::RootfsPath& path) {
    Draft::NewDirectory metadata{.owner = owner_};
    if (step_.chmod && step_.chmod->octal()) metadata.mode = *step_.chmod->octal() & 0777;
    draft_.make_directories(path, metadata);
  }

  void warn_no_match() {
    place_.findings.warning("copy-no-match",
                            concat("'", support::escape_controls(source_->text),
                                   "' matches nothing in ", origin_.name, ", nothing is copied"),
                            source_->span);
  }

  void warn_overwrites() {
    place_.findings.warning(
        "copy-overwrites",
        concat("several files are copied to the one file '",
               support::escape_controls(step_.destination_text.text), "', the last one stays"),
        step_.destination_text.span,
        {.helps = {"end the destination in '/' to copy into a directory"}});
  }

  const plan::CopyStep& step_;
  const CopyOrigin& origin_;
  const StepPlace& place_;
  CopyCounts& counts_;
  const std::optional<rootfs::Owner> owner_;
  Draft draft_;
  const plan::Text* source_ = nullptr;
  std::optional<oci::RootfsPath> plain_target_;
  std::map<std::uint64_t, std::uint64_t> links_;  // inode -> link group, within one source
  std::uint64_t next_group_ = 1;
};

}  // namespace

layer::FileSet copy_files(const plan::CopyStep& step, const CopyOrigin& origin,
                          const StepPlace& place, CopyCounts& counts) {
  std::optional<rootfs::Owner> owner;
  if (step.chown) {
    owner = look_up(step.chown->text, step.chown->span, place);
    if (!owner) return {};
  }
  Copier copier(step, origin, place, counts, owner);
  for (const plan::Text& source : step.sources) copier.copy(source);
  return std::move(copier).take();
}

layer::FileSet workdir_files(const plan::WorkdirStep& step, const StepPlace& place) {
  Draft draft(place.image, place.times);
  const oci::RootfsPath path = rootfs::resolve(draft, step.path);
  const auto existing = draft.lookup(path);
  if (existing && existing->entry.is_directory()) return {};
  Draft::NewDirectory metadata;
  if (!step.user.empty()) {
    metadata.owner = look_up(step.user, step.span, place);
    if (!metadata.owner) return {};
  }
  try {
    draft.make_directories(path, metadata);
  } catch (const InTheWay& blocked) {
    report_destination_blocked(place.findings, blocked, step.span);
  }
  return std::move(draft).take();
}

}  // namespace ocibuild::engine
