// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "dockerfile/checks.hpp"
#include "dockerfile/source_text.hpp"

namespace ocibuild::dockerfile {

/// The comments that belong to the instruction beginning on `first_line`, in order, without their
/// '#' and the blanks around: those above it, up to another instruction, a directive or a line that
/// is '#' alone. Empty lines between them do not count.
std::vector<std::string_view> comments_above(const SourceText& source, const Checks& checks,
                                             unsigned first_line);

/// What the first of these comments that is `# check=…` chooses for the instruction.
RuleChoice checks_above(const SourceText& source, const Checks& checks, unsigned first_line);

}  // namespace ocibuild::dockerfile
