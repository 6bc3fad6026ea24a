// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ocibuild::registry {

/// A registry of Amazon ECR, as its host name tells (docs/reference/registry.md, W1).
struct EcrName {
  std::string account;  ///< 12 digits; empty for public.ecr.aws
  std::string region;
  std::string suffix;  ///< "amazonaws.com"
  bool fips = false;
  bool dual_stack = false;      ///< IPv4 and IPv6, under names of their own
  bool public_gallery = false;  ///< public.ecr.aws: an ordinary bearer registry for pulls

  /// The service as signatures name it.
  std::string_view service() const { return public_gallery ? "ecr-public" : "ecr"; }
};

/// Nothing: another registry. `registry`: as in a reference.
std::optional<EcrName> parse_ecr_name(std::string_view registry);

/// Where Amazon answers for that registry (W3) and gives out roles (W7) by itself:
/// "https://api.ecr.us-east-1.amazonaws.com/".
std::string ecr_endpoint(const EcrName& name);
std::string sts_endpoint(const EcrName& name, std::string_view region);

}  // namespace ocibuild::registry
