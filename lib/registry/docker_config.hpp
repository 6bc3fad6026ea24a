// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/credentials.hpp"

namespace ocibuild::registry {

/// One member of "auths", undecoded: an entry of another registry may be damaged without harm.
struct AuthEntry {
  std::string auth{};  ///< base64 of USER:PASSWORD
  std::string user{};
  std::string password{};
  std::string identity_token{};
  std::string registry_token{};

  /// `{}`: says that a credential store has the rest.
  bool is_marker() const;
};

/// A file in docker's format: config.json, auth.json (docs/reference/registry.md, C5 and K2).
struct DockerConfig {
  std::string file{};  ///< for messages
  std::map<std::string, AuthEntry> auths{};
  std::string creds_store{};
  std::map<std::string, std::string> cred_helpers{};
  /// "HttpHeaders", without those that only we set.
  std::vector<std::pair<std::string, std::string>> http_headers{};
  ProxySettings proxies{};  ///< "proxies.default"
};

/// `file`: for messages only. An empty text is an empty configuration.
/// @throws Error(Errc::credentials, credentials-invalid) with file and position or key, never with
/// what stands there
DockerConfig parse_docker_config(std::string_view text, const std::string& file);

/// Text of the file with another entry for `key`: unknown keys and other entries are kept.
std::string with_login(std::string_view text, const std::string& file, const std::string& key,
                       const std::string& user, const std::string& password);
/// An entry `{}`, as docker marks what a credential store has.
std::string with_marker(std::string_view text, const std::string& file, const std::string& key);
/// Without the entries `keys`; nothing if there is none of them.
std::optional<std::string> without_logins(std::string_view text, const std::string& file,
                                          const std::vector<std::string>& keys);

/// Key and entry for a registry and path: the longest path first, then keys written as addresses
/// (K2.2); markers are no hit.
const std::pair<const std::string, AuthEntry>* find_auth(const DockerConfig& config,
                                                         const std::string& registry,
                                                         const std::string& repository);

/// The registry name that a key stands for: "https://index.docker.io/v1/" is docker.io.
/// Nothing: the key is for one path of a registry only.
std::optional<std::string> registry_of_key(std::string_view key);

/// @throws Error(Errc::credentials, credentials-invalid) naming file and key
Credential decode_auth(const AuthEntry& entry, const std::string& key, const std::string& file);

/// The helper that "credHelpers" names for `registry`.
std::optional<std::string> own_helper(const DockerConfig& config, const std::string& registry);

}  // namespace ocibuild::registry
