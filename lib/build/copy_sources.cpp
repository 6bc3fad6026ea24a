// SPDX-License-Identifier: Apache-2.0
#include "build/copy_sources.hpp"

#include "build/archive_step.hpp"
#include "build/copy_errors.hpp"
#include "oci/glob.hpp"
#include "rootfs/resolve.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

context::IgnoreRules rules_of(const plan::CopyStep& step, dockerfile::Findings& findings) {
  context::IgnoreRules rules;
  for (const plan::Text& pattern : step.exclude) {
    try {
      rules.add(pattern.text);
    } catch (const Error& error) {
      findings.error(error.diagnostic().id, error.what(), pattern.span,
                     {.helps = error.diagnostic().helps});
    }
  }
  rules.complete();
  return rules;
}

/// A source of --parents, cut at its first "/./".
struct Parted {
  std::string pivot;    // directory that paths are kept below, itself maybe a pattern
  std::string pattern;  // clean; what is copied of it
};

Parted part(std::string_view source) {
  constexpr std::string_view mark = "/./";
  const std::size_t at = source.find(mark);
  if (at == std::string_view::npos) return {"", oci::RootfsPath(source).str()};
  return {std::string(source.substr(0, at)),
          oci::RootfsPath(source.substr(at + mark.size())).str()};
}

}  // namespace

SourceCopier::SourceCopier(const plan::CopyStep& step, const CopyOrigin& origin,
                           const StepPlace& place, Placement& placement, CopyCounts& counts)
    : step_(step),
      origin_(origin),
      place_(place),
      placement_(placement),
      counts_(counts),
      exclude_(rules_of(step, place.findings)) {}

void SourceCopier::copy(const plan::Text& source) {
  source_ = &source;
  try {
    if (step_.parents) return copy_with_parents();
    if (!oci::has_wildcard(source.text)) return copy_named(oci::RootfsPath(source.text));
    const auto matches = expand(source.text);
    if (!matches) return report_missing(oci::split_pattern(source.text).fixed);
    if (matches->empty()) warn_no_match();
    for (const oci::RootfsPath& match : *matches) copy_named(match);
  } catch (const InTheWay& blocked) {
    report_destination_blocked(place_, blocked, step_.destination_text.span);
  } catch (const Error& error) {
    // What is wrong with a file is found together with the mistakes of other steps.
    const Diagnostic& found = error.diagnostic();
    if (error.code() != Errc::failed || found.where) throw;
    place_.findings.error(found.id, found.message, source.span,
                          {.notes = found.notes, .helps = found.helps});
  }
}

std::optional<std::vector<oci::RootfsPath>> SourceCopier::expand(std::string_view text) const {
  const oci::SplitPattern pattern = oci::split_pattern(text);
  const oci::RootfsPath base = rootfs::resolve(origin_.tree, oci::RootfsPath(pattern.fixed));
  if (!base.is_root() && !origin_.tree.lookup(base)) return std::nullopt;
  return oci::expand(origin_.tree, base, pattern.rest);
}

void SourceCopier::copy_named(const oci::RootfsPath& path) {
  const auto file = rootfs::find(origin_.tree, path);
  if (!file) return report_missing(oci::has_wildcard(source_->text) ? path.str() : source_->text);
  if (file->entry.is_directory()) {
    copy_directory(file->entry.path, placement_.destination(), Selection(exclude_));
  } else if (!unpacked(*file, path)) {
    placement_.put_named(*file, path.name());
    count(file->entry);
  }
}

/// False for what is no archive, or is not to be unpacked.
bool SourceCopier::unpacked(const oci::TreeFile& file, const oci::RootfsPath& path) {
  if (!step_.unpack || origin_.archives == nullptr) return false;
  const std::string what = concat("the archive ", support::quote(path.str()));
  const auto archive = origin_.archives->open(file, what);
  if (!archive) return false;
  unpack(*archive, what, placement_);
  count(file.entry);
  return true;
}

void SourceCopier::copy_with_parents() {
  const Parted parted = part(source_->text);
  if (!oci::has_wildcard(parted.pivot)) {
    return copy_below_pivot(oci::RootfsPath(parted.pivot), parted.pattern);
  }
  const auto pivots = expand(parted.pivot);
  if (!pivots) return report_missing(oci::split_pattern(parted.pivot).fixed);
  if (pivots->empty()) warn_no_match();
  for (const oci::RootfsPath& pivot : *pivots) {
    // `*/./a` looks into directories; a file that happens to lie beside them is not meant.
    const auto top = rootfs::find(origin_.tree, pivot);
    if (top && top->entry.is_directory()) copy_below_pivot(pivot, parted.pattern);
  }
}

void SourceCopier::copy_below_pivot(const oci::RootfsPath& pivot, const std::string& pattern) {
  const auto top = rootfs::find(origin_.tree, pivot);
  const bool is_pattern = oci::has_wildcard(source_->text);
  const bool exists = top && top->entry.is_directory() && !pattern.empty() &&
                      (is_pattern || origin_.tree.lookup(top->entry.path / pattern));
  if (!exists) return report_missing(source_->text);
  const std::uint64_t before = taken_;
  copy_directory(top->entry.path, placement_.destination(), Selection(exclude_, pattern));
  if (is_pattern && taken_ == before) warn_no_match();
}

void SourceCopier::copy_directory(const oci::RootfsPath& top, const oci::RootfsPath& to,
                                  const Selection& selection) {
  placement_.make_directories(to);
  links_.clear();
  passages_.clear();
  top_ = top;
  copy_children(top, to, selection, selection.top());
}

void SourceCopier::copy_children(const oci::RootfsPath& from, const oci::RootfsPath& to,
                                 const Selection& selection, const Selection::Choice& above) {
  origin_.tree.each_child(from, [&](oci::TreeFile child) {
    oci::RootfsPath target = to.child(child.entry.path.name());
    const std::string_view relative = child.entry.path.relative_to(top_);
    const Selection::Choice choice = selection.enter(above, relative);
    if (child.entry.is_directory() && selection.may_take_below(choice, relative)) {
      enter(std::move(child), target, selection, choice);
    } else if (choice.taken()) {
      put_below(std::move(child), std::move(target));
    }
  });
}

void SourceCopier::enter(oci::TreeFile directory, const oci::RootfsPath& target,
                         const Selection& selection, const Selection::Choice& choice) {
  const oci::RootfsPath path = std::move(directory.entry.path);  // it gets another
  if (choice.taken()) {
    put_below(std::move(directory), target);
    return copy_children(path, target, selection, choice);
  }
  passages_.push_back({.directory = std::move(directory), .target = target});
  copy_children(path, target, selection, choice);
  passages_.pop_back();
}

void SourceCopier::put_below(oci::TreeFile file, oci::RootfsPath target) {
  for (Passage& passage : passages_) {
    if (!passage.made) placement_.put_passage(std::move(passage.directory), passage.target);
    passage.made = true;
  }
  std::uint64_t group = 0;
  if (file.inode != 0 && file.entry.type == oci::EntryType::regular) {
    std::uint64_t& known = links_[file.inode];
    if (known == 0) known = placement_.draft().new_link_group();
    group = known;
  }
  count(file.entry);
  placement_.put(std::move(file), std::move(target), group);
}

void SourceCopier::count(const oci::Entry& entry) {
  ++taken_;
  if (entry.type != oci::EntryType::regular || !origin_.counted) return;
  ++counts_.files;
  counts_.bytes += entry.size;
}

void SourceCopier::report_missing(std::string path) {
  report_source_missing(place_.findings, {std::move(path), source_->span}, origin_);
}

void SourceCopier::warn_no_match() {
  place_.findings.warning("copy-no-match",
                          concat("'", support::escape_controls(source_->text),
                                 "' matches nothing in ", origin_.name, ", nothing is copied"),
                          source_->span);
}

}  // namespace ocibuild::engine
