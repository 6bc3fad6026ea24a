// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::registry {

/// One way to authenticate that a 401 offers (docs/reference/registry.md, T2).
struct Challenge {
  std::string scheme;                               ///< lower case: "bearer", "basic"
  std::map<std::string, std::string> parameters{};  ///< names in lower case, values unquoted

  /// Empty when absent.
  std::string parameter(std::string_view name) const;
};

/// All challenges of all WWW-Authenticate lines, in order; malformed ones are left out.
std::vector<Challenge> parse_challenges(const std::vector<std::string>& lines);

/// Bearer with a realm, else Basic, else nothing.
std::optional<Challenge> choose(const std::vector<Challenge>& offered);

}  // namespace ocibuild::registry
