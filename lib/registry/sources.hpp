// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ocibuild/network.hpp>
#include <ocibuild/reference.hpp>

namespace ocibuild::registry {

/// A repository on a host that can be asked for an image.
struct Source {
  std::string registry;    ///< name as configured: key for credentials and certificates
  std::string repository;  ///< path there
  bool insecure = false;
  bool mirror = false;    ///< not the registry that the reference names
  bool followed = false;  ///< another source is asked when this one fails
  std::string setting{};  ///< where it was configured: "--registry-mirror", a file; empty: itself
  std::string title{};    ///< for messages: "ghcr.io", of a mirror "harbor.corp/hub"
};

/// Registry configuration: registries.conf with drop-ins, daemon.json, flags
/// (docs/reference/registry.md, 3). Files are read when first needed. Thread-safe.
class Configuration {
public:
  /// `settings` must outlive this.
  explicit Configuration(const NetworkSettings& settings);
  ~Configuration();

  /// Where to pull `name` from, in order; never empty.
  /// @throws Error(Errc::network_setup, registry-blocked); Error(Errc::usage, config-invalid) with
  /// file and line
  std::vector<Source> pull_sources(const Reference& name) const;
  /// Where a push goes: the name itself. @throws Error(Errc::network_setup, registry-blocked)
  Source push_target(const Reference& name) const;
  /// What a name without host means for a pull: aliases and unqualified-search-registries, unless
  /// `is_local` (may be empty) finds what goes before them (R5). Other names as parsed.
  /// @throws Error(Errc::usage, name-ambiguous) with the candidates
  Reference resolve_short_name(std::string_view text,
                               const std::function<bool(const Reference&)>& is_local = {}) const;
  bool is_insecure(const std::string& registry) const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Host that answers for a registry name: registry-1.docker.io for docker.io (R4).
std::string api_host(const std::string& registry);
/// True when both names stand for one origin: equal but for a default port (M1).
bool is_same_registry(const std::string& one, const std::string& other);

}  // namespace ocibuild::registry
