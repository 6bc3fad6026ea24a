// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace ocibuild::dockerfile {

/// Length of the variable name at the front of `text` (docs/reference/dockerfile.md, 4.5): letters,
/// digits and '_' not starting with a digit, or only digits, or one of @ * # ? - $ !; 0 if there is
/// none.
std::size_t variable_name_length(std::string_view text);

}  // namespace ocibuild::dockerfile
