// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ocibuild::support {

/// Standard alphabet with padding (RFC 4648, 4).
std::string encode_base64(std::string_view bytes);
/// Padding may be missing; blanks and line ends are skipped. Nothing for any other character.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ocibuild::support
