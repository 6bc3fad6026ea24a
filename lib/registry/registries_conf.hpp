// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/reference.hpp>

#include "registry/location.hpp"

namespace ocibuild::registry {

/// [[registry.mirror]]
struct MirrorTable {
  enum class Pulls { all, by_digest, by_tag };

  Location location;
  bool insecure = false;
  Pulls pulls = Pulls::all;  ///< "pull-from-mirror", and "mirror-by-digest-only" of the registry
};

/// [[registry]]
struct RegistryTable {
  std::string prefix{};                ///< part of normalised names, or "*.DOMAIN"
  std::optional<Location> location{};  ///< absent: only for "*.DOMAIN", nothing is rewritten
  bool insecure = false;
  bool blocked = false;
  std::vector<MirrorTable> mirrors{};
  std::string file{};
  unsigned line = 0;
};

/// registries.conf, version 2, or 1 as far as it says "insecure" and "block"
/// (docs/reference/registry.md, C2).
struct RegistriesConf {
  std::optional<std::vector<std::string>> search{};  ///< unqualified-search-registries
  std::map<std::string, std::string> aliases{};      ///< "" takes an alias of an earlier file away
  std::vector<RegistryTable> registries{};
  /// The files that use each form; both in one configuration are an error.
  std::string version_1_file{};
  std::string version_2_file{};
};

/// Unknown keys are ignored. @throws Error(Errc::usage, config-invalid) with file and line
RegistriesConf parse_registries_conf(std::string_view text, const std::string& file);

/// Lays a drop-in over what was read before: tables of one prefix, the search list and single
/// aliases are replaced.
void merge(RegistriesConf& conf, RegistriesConf later);

/// @throws Error(Errc::usage, config-invalid) for both versions together, and for tables that call
/// one location insecure or blocked and not
void check(const RegistriesConf& conf);

/// The table with the longest prefix of the normalised name; null if there is none.
const RegistryTable* find_table(const RegistriesConf& conf, const Reference& name);

/// The name's registry and repository with what `table` matched replaced by `location`.
Location rewritten(const RegistryTable& table, const Location& location, const Reference& name);

}  // namespace ocibuild::registry
