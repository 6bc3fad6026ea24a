// SPDX-License-Identifier: Apache-2.0
#include "registry/registries_conf.hpp"

#include <algorithm>
#include <utility>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

bool is_wildcard(std::string_view prefix) {
  return prefix.starts_with("*.");
}

/// Bytes of `name` that `prefix` stands for; 0: it does not match.
std::size_t matched(std::string_view prefix, const Reference& name, std::string_view text) {
  if (is_wildcard(prefix)) {
    const std::string_view host =
        std::string_view(name.registry).substr(0, name.registry.find(':'));
    return host.ends_with(prefix.substr(1)) ? host.size() : 0;
  }
  if (!text.starts_with(prefix)) return 0;
  const bool whole = text.size() == prefix.size() ||
                     std::string_view("/:@").find(text[prefix.size()]) != std::string_view::npos;
  return whole ? prefix.size() : 0;
}

/// Without tag and digest: what is rewritten.
std::string bare(const Reference& name) {
  return concat(name.registry, '/', name.repository);
}

}  // namespace

void merge(RegistriesConf& conf, RegistriesConf later) {
  for (const RegistryTable& table : later.registries) {
    std::erase_if(conf.registries,
                  [&](const RegistryTable& earlier) { return earlier.prefix == table.prefix; });
  }
  std::move(later.registries.begin(), later.registries.end(), std::back_inserter(conf.registries));
  if (later.search) conf.search = std::move(later.search);
  for (auto& [name, value] : later.aliases) conf.aliases[name] = std::move(value);
  if (!later.version_1_file.empty()) conf.version_1_file = later.version_1_file;
  if (!later.version_2_file.empty()) conf.version_2_file = later.version_2_file;
}

void check(const RegistriesConf& conf) {
  if (!conf.version_1_file.empty() && !conf.version_2_file.empty()) {
    throw Error(
        Errc::usage, "config-invalid",
        concat(quote(conf.version_1_file), " has the tables of version 1 ([registries.…]), ",
               quote(conf.version_2_file), " those of version 2 ([[registry]])"))
        .help("write both in the form of version 2");
  }
  for (const RegistryTable& a : conf.registries) {
    for (const RegistryTable& b : conf.registries) {
      if (!a.location || !b.location || a.location->str() != b.location->str()) continue;
      const char* what = a.insecure != b.insecure ? "insecure"
                         : a.blocked != b.blocked ? "blocked"
                                                  : nullptr;
      if (what == nullptr) continue;
      throw Error(
          Errc::usage, "config-invalid",
          concat("the registry ", quote(a.location->str()), " is ", what, " in one of ", a.file,
                 " line ", a.line, " and ", b.file, " line ", b.line, ", and not in the other"));
    }
  }
}

const RegistryTable* find_table(const RegistriesConf& conf, const Reference& name) {
  const std::string text = name.str();
  const RegistryTable* best = nullptr;
  for (const RegistryTable& table : conf.registries) {
    if (matched(table.prefix, name, text) == 0) continue;
    const bool longer = best == nullptr || table.prefix.size() > best->prefix.size() ||
                        (table.prefix.size() == best->prefix.size() && is_wildcard(best->prefix) &&
                         !is_wildcard(table.prefix));
    if (longer) best = &table;
  }
  return best;
}

Location rewritten(const RegistryTable& table, const Location& location, const Reference& name) {
  const std::string text = bare(name);
  // A prefix with a tag or digest matches more than there is to replace.
  const std::size_t size = std::min(matched(table.prefix, name, name.str()), text.size());
  const std::string result = concat(location.str(), text.substr(size));
  const std::size_t slash = result.find('/');
  if (slash == std::string::npos || slash + 1 == result.size()) {
    throw Error(Errc::usage, "config-invalid",
                concat(table.file, " line ", table.line, ": the location ", quote(location.str()),
                       " leaves nothing of the repository of ", quote(name.str())));
  }
  return {.registry = result.substr(0, slash), .path = result.substr(slash + 1)};
}

}  // namespace ocibuild::registry
