// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dockerfile/checks.hpp"
#include "dockerfile/source_text.hpp"
#include "dockerfile/words.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::dockerfile {

/// What the comment lines at the top of a Dockerfile set (docs/reference/dockerfile.md, 2.1).
struct Directives {
  char escape = '\\';
  Checks checks{};
};

struct Directive {
  std::string name;  ///< lower case
  Slice value;       ///< never empty
};
/// "name = value" in the text of a comment, its '#' removed, if it is that.
std::optional<Directive> directive_in_comment(std::string_view comment);

Directives read_directives(const SourceText& source, support::Diagnostics& diagnostics);

}  // namespace ocibuild::dockerfile
