// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/rebuild.hpp>

/// Why a layer is made, in words. All of it is printable.
namespace ocibuild::program {

/// "file-content": stable, for programs.
std::string_view cause_word(Cause kind);

/// "/app/server: mode 0644 -> 0755".
std::string cause_text(const RebuildCause& cause);

/// A line for each cause; of more than `most` those are counted.
std::vector<std::string> cause_lines(const std::vector<RebuildCause>& causes, std::size_t most);

}  // namespace ocibuild::program
