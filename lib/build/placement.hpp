// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "build/draft.hpp"
#include "build/step_place.hpp"
#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// Puts the files of one COPY or ADD into its layer, with the owner and the mode that the step asks
/// for (docs/reference/dockerfile.md, 7.8 to 7.12 and 8).
class Placement {
public:
  /// The arguments must outlive it. `owner`: of --chown, looked up.
  Placement(const plan::CopyStep& step, const StepPlace& place, std::optional<rootfs::Owner> owner)
      : step_(step), place_(place), owner_(owner), draft_(place.image, place.times) {}

  Draft& draft() { return draft_; }
  const std::optional<rootfs::Owner>& owner() const { return owner_; }

  /// The step's destination, symlinks in the image and in what was put so far followed.
  oci::RootfsPath destination() const;
  /// Makes a directory and its missing parents like parents of a destination. @throws InTheWay
  void make_directories(const oci::RootfsPath& path);

  /// One named file: into the destination when that is or wants to be a directory, else as the
  /// destination. @throws InTheWay
  void put_named(oci::TreeFile file, std::string_view name);
  /// Exactly at `target`, whose parents exist. Files of one `link_group` that is not 0 become hard
  /// links. @throws InTheWay
  void put(oci::TreeFile file, oci::RootfsPath target, std::uint64_t link_group);
  /// A directory on the way to a file that was chosen: one that exists takes the mode only.
  /// @throws InTheWay
  void put_passage(oci::TreeFile directory, const oci::RootfsPath& target);
  /// A member of an archive: replaces whatever is at `target`, and --chmod does not concern it.
  void put_unpacked(oci::TreeFile file, const oci::RootfsPath& target, std::uint64_t link_group);

  layer::FileSet take() && { return std::move(draft_).take(); }

private:
  oci::Entry entry_for(oci::Entry entry, oci::RootfsPath target) const;
  void warn_overwrites();

  const plan::CopyStep& step_;
  const StepPlace& place_;
  const std::optional<rootfs::Owner> owner_;
  Draft draft_;
  std::optional<oci::RootfsPath> plain_target_;  // where the last file went as the destination
};

}  // namespace ocibuild::engine
