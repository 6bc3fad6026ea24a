// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/session.hpp"

namespace ocibuild::registry {

/// The tags of a session's repository, for did-you-mean only: at most ten pages, asked for once
/// each, and empty when the registry does not let us list them (docs/reference/registry.md, P11).
/// @throws Error(Errc::interrupted)
std::vector<std::string> list_tags(Session& session);

/// At most `most` of `tags`, the likeliest first: few edits away from `wanted`, then the highest
/// version.
std::vector<std::string> nearest_tags(std::vector<std::string> tags, std::string_view wanted,
                                      std::size_t most);

/// "tags" of an answer; what is no tag is left out. Empty if it is no such answer.
std::vector<std::string> parse_tags(std::string_view json);

/// The address of `Link: <ADDRESS>; rel="next"`; empty: this is the last page.
std::string next_page(const http::Headers& headers);

}  // namespace ocibuild::registry
