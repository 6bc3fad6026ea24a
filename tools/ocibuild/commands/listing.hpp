// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <ocibuild/image.hpp>

#include "go_template.hpp"
#include "program.hpp"

namespace ocibuild::program {

/// True for --format json. @throws Error(Errc::usage) for something else than table and json
bool wants_json(const ParsedFlags& flags);

/// What --format asks of a listing; neither: its own table.
struct ListingFormat {
  bool json = false;
  std::optional<GoTemplate> own{};
};
/// @throws Error(Errc::usage)
ListingFormat listing_format(const ParsedFlags& flags);
/// A line for each JSON object. `id`: what stands over a column of IDs
std::string rendered(const GoTemplate& format, const std::vector<std::string>& rows,
                     const std::string& id);

/// @throws Error(Errc::usage) unless there are at least `least` and at most `most` arguments;
/// `what` names them
void check_arguments(const ParsedFlags& flags, std::size_t least, std::size_t most,
                     const char* what);

/// --platform; nothing when it is not given. @throws Error(Errc::usage)
std::optional<Platform> wanted_platform(const ParsedFlags& flags);

}  // namespace ocibuild::program
