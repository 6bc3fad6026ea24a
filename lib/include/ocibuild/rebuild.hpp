// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

/// Why a layer is made and not taken from the cache (docs/reference/image.md, 7.12).
namespace ocibuild {

/// Kinds of causes. Those from `instruction` to `source_image` are named only when the files of the
/// layer differ, or cannot be compared: otherwise they did not matter.
enum class Cause : std::uint8_t {
  first_build,   ///< nothing is remembered of this step
  no_cache,      ///< the request asks for it; `name`: the stage, empty for all
  instruction,   ///< its text
  variable,      ///< ARG or ENV `name`, which the instruction uses
  destination,   ///< where it goes, after WORKDIR
  user,          ///< who owns directories that WORKDIR makes
  base,          ///< the image that the stage starts from: name and digest
  source_image,  ///< the image that COPY --from reads: name and digest
  compression,   ///< kind and level
  file_times,    ///< the rule for times
  format,        ///< how this release writes layers, or its compression library

  // Of one file, whose path in the image is `name`.
  file_added,
  file_removed,
  file_type,
  file_content,
  file_mode,
  file_owner,
  file_time,
  file_target,      ///< of a link
  file_attributes,  ///< extended attributes or device numbers

  files_unknown,  ///< the store has lost the earlier layer, so that no files can be compared
  lost,           ///< nothing changed: the record or the layer is no longer there
  not_here,       ///< undecided as long as `name` is not fetched; of plans only
};

/// One thing that changed since the last build of the same step.
struct RebuildCause {
  Cause kind;
  std::string name{};
  std::string before{};  ///< empty if it was not there, or there is nothing to show
  std::string after{};
  bool operator==(const RebuildCause&) const = default;
};

}  // namespace ocibuild
