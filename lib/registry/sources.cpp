// SPDX-License-Identifier: Apache-2.0
#include "registry/sources.hpp"

#include <algorithm>
#include <mutex>

#include <ocibuild/error.hpp>

#include "http/ip_address.hpp"
#include "http/url.hpp"
#include "oci/host_name.hpp"
#include "registry/config_files.hpp"
#include "registry/daemon_config.hpp"
#include "registry/registries_conf.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

constexpr std::string_view hub = "docker.io";

/// Host of HOST[:PORT], IPv6 without its brackets.
std::string host_of(const std::string& registry) {
  if (registry.starts_with('[')) return registry.substr(1, registry.find(']') - 1);
  return registry.substr(0, registry.find(':'));
}

/// `entry`: HOST, HOST:PORT, or ADDRESS/BITS, which is for literal addresses only.
bool covers(const std::string& entry, const std::string& registry) {
  const std::size_t slash = entry.find('/');
  if (slash == std::string::npos) return entry == registry || entry == host_of(registry);
  const auto network = http::IpAddress::parse(entry.substr(0, slash));
  const auto address = http::IpAddress::parse(host_of(registry));
  std::uint64_t bits = 0;
  if (!network || !address || !support::parse_number(entry.substr(slash + 1), 128, bits))
    return false;
  const std::uint64_t mapped = network->is_v4() ? 96 : 0;
  return bits + mapped <= 128 && address->in(*network, static_cast<unsigned>(bits + mapped));
}

/// What follows "name" in a short name: its tag and digest.
std::string_view tail_of(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  const std::size_t end = text.find_first_of(":@", slash == std::string_view::npos ? 0 : slash);
  return end == std::string_view::npos ? std::string_view() : text.substr(end);
}

std::string append_path(const Location& location, const std::string& repository) {
  return location.path.empty() ? repository : concat(location.path, '/', repository);
}

bool serves(const MirrorTable& mirror, const Reference& name) {
  return mirror.pulls == MirrorTable::Pulls::all ||
         (mirror.pulls == MirrorTable::Pulls::by_digest) == name.digest.has_value();
}

}  // namespace

struct Configuration::Impl {
  explicit Impl(const NetworkSettings& given) : settings(given) {}

  struct Files {
    RegistriesConf registries{};
    bool has_registries = false;
    DaemonConfig daemon{};
  };

  const Files& files() {
    std::call_once(once, [this] { read(); });
    return read_files;
  }

  void read() {
    for (const auto& path : settings.registries_conf) {
      const auto text = read_optional_file(path);
      if (!text) continue;
      merge(read_files.registries, parse_registries_conf(*text, path.string()));
      read_files.has_registries = true;
    }
    check(read_files.registries);
    if (!settings.daemon_json) return;
    if (const auto text = read_optional_file(*settings.daemon_json))
      read_files.daemon = parse_daemon_config(*text, settings.daemon_json->string());
  }

  /// The table for `name`, after its "blocked" was honoured.
  const RegistryTable* table_for(const Reference& name) {
    const RegistryTable* table = find_table(files().registries, name);
    if (table != nullptr && table->blocked) {
      throw Error(Errc::network_setup, "registry-blocked",
                  concat(quote(name.familiar()), " is blocked: ", table->file, " line ",
                         table->line, ", [[registry]] ", quote(table->prefix)));
    }
    return table;
  }

  bool is_insecure(const std::string& registry) {
    if (!settings.tls_verify || http::is_loopback(host_of(registry))) return true;
    const auto listed = [&](const std::string& entry) {
      return covers(support::to_lower(entry), registry);
    };
    const auto& daemon = files().daemon.insecure;
    return std::any_of(settings.insecure_registries.begin(), settings.insecure_registries.end(),
                       listed) ||
           std::any_of(daemon.begin(), daemon.end(), listed);
  }

  /// `mirror`: its own location, as it was configured; null: no mirror.
  Source source(const Location& place, bool insecure, const Location* mirror,
                const std::string& setting) {
    return {.registry = place.registry,
            .repository = place.path,
            .insecure = insecure || is_insecure(place.registry),
            .mirror = mirror != nullptr,
            .setting = setting,
            .title = mirror != nullptr ? mirror->str() : place.registry};
  }

  bool mirror_only(const Reference& name) const {
    const auto& registries = settings.mirror_only_registries;
    return settings.mirror_only ||
           std::find(registries.begin(), registries.end(), name.registry) != registries.end();
  }

  /// True if the flags name mirrors for this registry: then the files' are not used.
  bool add_given_mirrors(const Reference& name, std::vector<Source>& out) {
    const auto before = out.size();
    for (const Mirror& mirror : settings.mirrors) {
      if (mirror.registry != name.registry) continue;
      auto location = parse_location(mirror.location);
      if (!location) {
        throw Error(Errc::usage, "config-invalid",
                    concat("the mirror ", quote(mirror.location), " is no HOST[:PORT][/PREFIX]"));
      }
      const Location place{location->registry, append_path(*location, name.repository)};
      out.push_back(source(place, false, &*location, mirror.setting));
    }
    return out.size() > before;
  }

  void add_file_mirrors(const Reference& name, const RegistryTable* table,
                        std::vector<Source>& out) {
    if (table != nullptr && !table->mirrors.empty()) {
      for (const MirrorTable& mirror : table->mirrors) {
        if (!serves(mirror, name)) continue;
        out.push_back(source(rewritten(*table, mirror.location, name), mirror.insecure,
                             &mirror.location, table->file));
      }
      return;
    }
    if (name.registry != hub) return;
    for (const auto& mirror : files().daemon.mirrors) {
      const Location place{mirror.location.registry, append_path(mirror.location, name.repository)};
      out.push_back(
          source(place, mirror.insecure, &mirror.location, settings.daemon_json->string()));
    }
  }

  /// The registry itself, under the name that registries.conf gives it.
  Source origin(const Reference& name, const RegistryTable* table) {
    if (table == nullptr || !table->location)
      return source({name.registry, name.repository}, table != nullptr && table->insecure, nullptr,
                    "");
    const Location place = rewritten(*table, *table->location, name);
    const bool moved = place.registry != name.registry || place.path != name.repository;
    return source(place, table->insecure, nullptr, moved ? table->file : "");
  }

  const NetworkSettings& settings;
  std::once_flag once{};
  Files read_files{};
};

Configuration::Configuration(const NetworkSettings& settings)
    : impl_(std::make_unique<Impl>(settings)) {}
Configuration::~Configuration() = default;

std::vector<Source> Configuration::pull_sources(const Reference& name) const {
  const RegistryTable* table = impl_->table_for(name);
  std::vector<Source> out;
  if (!impl_->add_given_mirrors(name, out)) impl_->add_file_mirrors(name, table, out);
  const bool mirror_only = impl_->mirror_only(name);
  if (out.empty() && mirror_only && table != nullptr && !table->mirrors.empty()) {
    throw Error(
        Errc::network_setup, "no-mirror",
        concat("no mirror may serve ", quote(name.familiar()), ": those of ", table->file, " line ",
               table->line, " are for ", name.digest ? "tags" : "digests", " only"))
        .help("leave out --mirror-only to ask the registry itself");
  }
  if (out.empty() || !mirror_only) out.push_back(impl_->origin(name, table));
  for (std::size_t i = 0; i + 1 < out.size(); ++i) out[i].followed = true;
  return out;
}

Source Configuration::push_target(const Reference& name) const {
  const RegistryTable* table = impl_->table_for(name);
  // A table that sends pulls elsewhere says nothing of the host that a push goes to.
  const bool here =
      table != nullptr && (!table->location || table->location->registry == name.registry);
  return impl_->source({name.registry, name.repository}, here && table->insecure, nullptr, "");
}

Reference Configuration::resolve_short_name(
    std::string_view text, const std::function<bool(const Reference&)>& is_local) const {
  const Reference plain = Reference::parse(text);
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos && oci::names_a_host(text.substr(0, slash))) return plain;
  const auto& files = impl_->files();
  if (!files.has_registries) return plain;
  const std::string_view tail = tail_of(text);
  const std::string_view name = text.substr(0, text.size() - tail.size());
  const auto entry = files.registries.aliases.find(std::string(name));
  std::optional<Reference> alias;
  if (entry != files.registries.aliases.end() && !entry->second.empty())
    alias = Reference::parse(concat(entry->second, tail));
  if (alias && is_local && is_local(*alias)) return *alias;
  // Under that name is also what was built here.
  if (is_local && is_local(plain)) return plain;
  if (alias) return *alias;
  const auto& search = files.registries.search;
  if (!search || search->empty()) return plain;
  if (search->size() == 1) return Reference::parse(concat(search->front(), '/', text));
  std::vector<std::string> candidates;
  for (const std::string& registry : *search)
    candidates.push_back(Reference::parse(concat(registry, '/', text)).str());
  throw Error(Errc::usage, "name-ambiguous",
              concat(quote(text), " could be on any of several registries"))
      .note(concat("\"unqualified-search-registries\" has ", search->size(), " entries"))
      .help(concat("write one of: ", support::join(candidates, ", ")));
}

bool Configuration::is_insecure(const std::string& registry) const {
  if (impl_->is_insecure(registry)) return true;
  const auto& tables = impl_->files().registries.registries;
  return std::any_of(tables.begin(), tables.end(), [&](const RegistryTable& table) {
    const bool itself = table.insecure && table.location && table.location->registry == registry;
    return itself ||
           std::any_of(table.mirrors.begin(), table.mirrors.end(), [&](const MirrorTable& mirror) {
             return mirror.insecure && mirror.location.registry == registry;
           });
  });
}

std::string api_host(const std::string& registry) {
  return registry == hub ? "registry-1.docker.io" : registry;
}

bool is_same_registry(const std::string& one, const std::string& other) {
  const auto first = http::Url::parse(concat("https://", api_host(one), "/"));
  const auto second = http::Url::parse(concat("https://", api_host(other), "/"));
  return first && second && first->origin == second->origin;
}

}  // namespace ocibuild::registry
