// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "program.hpp"

namespace ocibuild::program {

/// "ocibuild-cache-ls".
std::string page_name(const CommandInfo& command);
/// The source of a manual page, for man(1), made of the tables of commands and flags: "ocibuild",
/// "ocibuild-COMMAND" or "ocibuild-config.toml". Nothing for another name.
std::optional<std::string> manual_page(std::string_view name);

}  // namespace ocibuild::program
