// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/checks.hpp"
#include "dockerfile/source_text.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::dockerfile {

/// What the comment lines at the top of a Dockerfile set (docs/reference/dockerfile.md, 2.1).
struct Directives {
  char escape = '\\';
  Checks checks{};
};

Directives read_directives(const SourceText& source, support::Diagnostics& diagnostics);

}  // namespace ocibuild::dockerfile
