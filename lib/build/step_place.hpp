// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <ocibuild/build.hpp>

#include "dockerfile/findings.hpp"
#include "rootfs/accounts.hpp"
#include "rootfs/view.hpp"

namespace ocibuild::engine {

/// The image just before a step, and where its findings go.
struct StepPlace {
  const rootfs::View& image;
  const FileTimes& times;
  dockerfile::Findings& findings;
};

/// Numbers for --chown and USER. Unknown names are the engine's 0 with a warning; on an empty root
/// nothing can be looked up, which is an error as in the engine: `why_empty` says why it is one.
/// Nothing after an error.
std::optional<rootfs::Owner> look_up_owner(std::string_view text, const dockerfile::Span& span,
                                           const StepPlace& place,
                                           std::string_view why_empty = "the image is empty");

}  // namespace ocibuild::engine
