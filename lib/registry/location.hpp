// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ocibuild::registry {

/// HOST[:PORT][/PREFIX] as configuration names a registry or a part of one.
struct Location {
  std::string registry;  ///< lower case; names of Docker Hub become "docker.io"
  std::string path{};    ///< without slashes at its ends; may be empty

  std::string str() const { return path.empty() ? registry : registry + '/' + path; }
};

/// Trailing slashes are dropped. Nothing: there is no host in front, or a scheme.
std::optional<Location> parse_location(std::string_view text);

}  // namespace ocibuild::registry
