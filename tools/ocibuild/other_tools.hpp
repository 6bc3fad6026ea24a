// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ocibuild::program {

/// A table in Markdown of the flags of "docker" (build and buildx build), "buildah" (build) or
/// "kaniko" (executor), and what each is here. Nothing for another name.
std::optional<std::string> flags_of_tool(std::string_view tool);

}  // namespace ocibuild::program
