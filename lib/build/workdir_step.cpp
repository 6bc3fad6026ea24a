// SPDX-License-Identifier: Apache-2.0
#include "build/workdir_step.hpp"

#include "build/copy_errors.hpp"
#include "build/draft.hpp"
#include "rootfs/resolve.hpp"

namespace ocibuild::engine {

layer::FileSet workdir_files(const plan::WorkdirStep& step, const StepPlace& place) {
  Draft draft(place.image, place.times);
  const oci::RootfsPath path = rootfs::resolve(draft, step.path);
  const auto existing = draft.lookup(path);
  if (existing && existing->entry.is_directory()) return {};
  Draft::NewDirectory metadata;
  if (!step.user.empty()) {
    metadata.owner = look_up_owner(step.user, step.span, place);
    if (!metadata.owner) return {};
  }
  try {
    draft.make_directories(path, metadata);
  } catch (const InTheWay& blocked) {
    report_destination_blocked(place, blocked, step.span);
  } catch (const Error& error) {
    const Diagnostic& found = error.diagnostic();
    place.findings.error(found.id, found.message, step.span, {.helps = found.helps});
  }
  return std::move(draft).take();
}

}  // namespace ocibuild::engine
