// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/stages.hpp"
#include "context/ignore_rules.hpp"
#include "dockerfile/findings.hpp"

namespace ocibuild::engine {

/// CopyIgnoredFile (docs/reference/dockerfile.md, 18): sources in the build context that `rules`
/// hide. Nothing but the rules is looked at; with an exception among them it says nothing, since
/// that may keep a file below what is hidden.
void warn_ignored_sources(const Stages& stages, const context::IgnoreRules& rules,
                          dockerfile::Findings& findings);

}  // namespace ocibuild::engine
