// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/copy_step.hpp"
#include "build/draft.hpp"

/// The texts of what can go wrong in COPY and WORKDIR.
namespace ocibuild::engine {

/// `source` is not in the origin: hidden, outside, misspelt or dangling.
void report_source_missing(dockerfile::Findings& findings, const plan::Text& source,
                           const CopyOrigin& origin);

/// `blocked` stands where the step wants something else.
void report_destination_blocked(const StepPlace& place, const InTheWay& blocked,
                                const dockerfile::Span& span);

/// An account of --chown or USER that the image does not have; the engine takes 0.
void warn_account_unknown(dockerfile::Findings& findings, const rootfs::UnknownAccount& account,
                          const dockerfile::Span& span);

}  // namespace ocibuild::engine
