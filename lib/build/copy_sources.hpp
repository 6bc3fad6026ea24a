// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "build/copy_step.hpp"
#include "build/placement.hpp"
#include "build/selection.hpp"

namespace ocibuild::engine {

/// Takes the sources of one COPY or ADD from their origin (docs/reference/dockerfile.md, 7 and 12).
class SourceCopier {
public:
  /// The arguments must outlive it.
  SourceCopier(const plan::CopyStep& step, const CopyOrigin& origin, const StepPlace& place,
               Placement& placement, CopyCounts& counts);

  /// Mistakes go to the findings.
  void copy(const plan::Text& source);

private:
  /// A directory that was entered and not chosen: made once something below it is.
  struct Passage {
    oci::TreeFile directory;  ///< unless made
    oci::RootfsPath target{};
    bool made = false;
  };

  /// The paths that match; nothing when the path before the first wildcard does not exist.
  std::optional<std::vector<oci::RootfsPath>> expand(std::string_view text) const;
  void copy_named(const oci::RootfsPath& path);
  bool unpacked(const oci::TreeFile& file, const oci::RootfsPath& path);
  void copy_with_parents();
  void copy_below_pivot(const oci::RootfsPath& pivot, const std::string& pattern);
  void copy_directory(const oci::RootfsPath& top, const oci::RootfsPath& to,
                      const Selection& selection);
  void copy_children(const oci::RootfsPath& from, const oci::RootfsPath& to,
                     const Selection& selection, const Selection::Choice& above);
  /// A directory that is taken, or of which something below may be.
  void enter(oci::TreeFile directory, const oci::RootfsPath& target, const Selection& selection,
             const Selection::Choice& choice);
  void put_below(oci::TreeFile file, oci::RootfsPath target);
  void count(const oci::Entry& entry);
  void report_missing(std::string path);
  void warn_no_match();

  const plan::CopyStep& step_;
  const CopyOrigin& origin_;
  const StepPlace& place_;
  Placement& placement_;
  CopyCounts& counts_;
  const context::IgnoreRules exclude_;

  const plan::Text* source_ = nullptr;
  std::uint64_t taken_ = 0;                       // entries of any type, of all sources
  oci::RootfsPath top_;                           // directory that is copied
  std::vector<Passage> passages_;                 // on the way from there to where the walk is
  std::map<std::uint64_t, std::uint64_t> links_;  // inode -> link group, within one source
};

}  // namespace ocibuild::engine
