// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::plan {

/// True for a number above 0 or a Linux signal name with or without SIG, in any case
/// (docs/reference/dockerfile.md, 13.10).
bool is_signal(std::string_view text);

/// All names, with SIG: for "did you mean".
std::vector<std::string> signal_names();

}  // namespace ocibuild::plan
