// SPDX-License-Identifier: Apache-2.0
#include "registry/ecr_name.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

constexpr std::string_view gallery = "public.ecr.aws";
constexpr std::string_view gallery_region = "us-east-1";

/// A partition of Amazon's cloud: suffix of its registries, of dual-stack ones, of their API.
struct Partition {
  std::string_view suffix;
  std::string_view dual_stack_suffix;
  std::string_view dual_stack_api;
};
constexpr Partition partitions[] = {
    {"amazonaws.com", "on.aws", "api.aws"},
    {"amazonaws.com.cn", "on.amazonwebservices.com.cn", "api.amazonwebservices.com.cn"},
    {"amazonaws.eu", "", ""},
    {"sc2s.sgov.gov", "", ""},
    {"c2s.ic.gov", "", ""},
    {"cloud.adc-e.uk", "", ""},
    {"csp.hci.ic.gov", "", ""},
};

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

const Partition* partition_of(std::string_view suffix) {
  const auto at = std::find_if(std::begin(partitions), std::end(partitions), [&](const auto& p) {
    return suffix == p.suffix || (!p.dual_stack_suffix.empty() && suffix == p.dual_stack_suffix);
  });
  return at == std::end(partitions) ? nullptr : at;
}

bool is_region(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return support::is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
  });
}

}  // namespace

std::optional<EcrName> parse_ecr_name(std::string_view registry) {
  if (registry == gallery) {
    return EcrName{.account = {},
                   .region = std::string(gallery_region),
                   .suffix = "amazonaws.com",
                   .public_gallery = true};
  }
  const std::string_view account = registry.substr(0, 12);
  if (account.size() != 12 || !std::all_of(account.begin(), account.end(), support::is_digit))
    return std::nullopt;
  std::string_view rest = registry.substr(12);
  const bool dashed = take(rest, ".dkr-ecr");
  if (!dashed && !take(rest, ".dkr.ecr")) return std::nullopt;
  EcrName out{.account = std::string(account), .region = {}, .suffix = {}};
  out.fips = take(rest, "-fips");
  if (!take(rest, ".")) return std::nullopt;
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos || !is_region(rest.substr(0, dot))) return std::nullopt;
  out.region = rest.substr(0, dot);
  out.suffix = rest.substr(dot + 1);
  const Partition* partition = partition_of(out.suffix);
  if (partition == nullptr) return std::nullopt;
  out.dual_stack = out.suffix == partition->dual_stack_suffix;
  // China's dual-stack names are known in both spellings, all others in one.
  const bool spelled = dashed == out.dual_stack || out.suffix == "on.amazonwebservices.com.cn";
  return spelled ? std::optional(out) : std::nullopt;
}

std::string ecr_endpoint(const EcrName& name) {
  const std::string_view fips = name.fips ? "-fips" : "";
  if (name.public_gallery) return concat("https://api.ecr-public.", name.region, ".amazonaws.com/");
  if (name.dual_stack) {
    return concat("https://ecr", fips, ".", name.region, ".",
                  partition_of(name.suffix)->dual_stack_api, "/");
  }
  if (name.fips) return concat("https://ecr-fips.", name.region, ".", name.suffix, "/");
  return concat("https://api.ecr.", name.region, ".", name.suffix, "/");
}

std::string sts_endpoint(const EcrName& name, std::string_view region) {
  return concat("https://sts.", region, ".", partition_of(name.suffix)->suffix, "/");
}

}  // namespace ocibuild::registry
