// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ocibuild::program {

/// As RFC 4648, 4 has it, padded: how JSON of BuildKit's shape carries texts of files.
std::string base64(std::string_view bytes);

}  // namespace ocibuild::program
