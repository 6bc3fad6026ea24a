// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ocibuild::dockerfile {

/// One to four octal digits (docs/reference/dockerfile.md, 8.7).
std::optional<std::uint32_t> parse_octal_mode(std::string_view text);

/// True for "u+x,go-w" and the like (8.8).
bool is_symbolic_mode(std::string_view text);

}  // namespace ocibuild::dockerfile
