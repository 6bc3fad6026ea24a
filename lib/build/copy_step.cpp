// SPDX-License-Identifier: Apache-2.0
#include "build/copy_step.hpp"

#include "build/archive_step.hpp"
#include "build/copy_errors.hpp"
#include "build/copy_sources.hpp"
#include "build/placement.hpp"
#include "oci/memory_content.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

/// A heredoc: a regular file 0644 of root, whatever the machine's umask.
oci::TreeFile file_of(const plan::InlineFile& file) {
  oci::Entry entry;
  entry.mode = 0644;
  entry.mtime = FileTimes{}.fixed;  // made here: no source has a time that could be kept
  entry.size = file.content.size();
  return {.entry = std::move(entry), .content = std::make_shared<oci::MemoryContent>(file.content)};
}

/// The file behind a URL, or what it holds.
void add_download(const plan::CopyStep& step, const CopyOrigin& origin, const StepPlace& place,
                  Placement& placement) {
  const oci::TreeFile file = origin.downloads->fetch(*step.download, place.findings);
  const std::string name(file.entry.path.name());
  const std::string what = support::concat("the archive ", support::quote(name));
  try {
    const auto archive = step.unpack ? origin.archives->open(file, what) : nullptr;
    if (archive) return unpack(*archive, what, placement);
    placement.put_named(file, name);
  } catch (const InTheWay& blocked) {
    report_destination_blocked(place, blocked, step.destination_text.span);
  }
}

layer::FileSet copy_into(const plan::CopyStep& step, const CopyOrigin& origin,
                         const StepPlace& place, CopyCounts& counts) {
  std::optional<rootfs::Owner> owner;
  if (step.chown) {
    owner = look_up_owner(
        step.chown->text, step.chown->span, place,
        step.link ? "with --link no file of the image is read" : "the image is empty");
    if (!owner) return {};
  }
  Placement placement(step, place, owner);
  SourceCopier copier(step, origin, place, placement, counts);
  for (const plan::Text& source : step.sources) copier.copy(source);
  if (step.download) add_download(step, origin, place, placement);
  for (const plan::InlineFile& file : step.inline_files) {
    try {
      placement.put_named(file_of(file), oci::RootfsPath(file.name.text).name());
    } catch (const InTheWay& blocked) {
      report_destination_blocked(place, blocked, step.destination_text.span);
    }
  }
  return std::move(placement).take();
}

}  // namespace

layer::FileSet copy_files(const plan::CopyStep& step, const CopyOrigin& origin,
                          const StepPlace& place, CopyCounts& counts) {
  if (!step.link) return copy_into(step, origin, place, counts);
  const rootfs::View nothing;
  return copy_into(step, origin, {nothing, place.times, place.findings}, counts);
}

}  // namespace ocibuild::engine
