// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/copy_step.hpp"
#include "build/draft.hpp"

/// The texts of what can go wrong in COPY and WORKDIR.
namespace ocibuild::engine {

/// `source` is not in the origin: hidden, outside, misspelt or dangling.
Diagnostic source_missing(const plan::Text& source, const CopyOrigin& origin,
                          const dockerfile::SourceText& text);

/// `blocked` stands where the step wants something else.
Diagnostic destination_blocked(const InTheWay& blocked, const dockerfile::Span& span,
                               const dockerfile::SourceText& text);

/// An account of --chown or USER that the image does not have; the engine takes 0.
Diagnostic account_unknown(const rootfs::UnknownAccount& account, const dockerfile::Span& span,
                           const dockerfile::SourceText& text);

}  // namespace ocibuild::engine
