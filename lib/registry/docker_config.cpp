// SPDX-License-Identifier: Apache-2.0
#include "registry/docker_config.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "support/base64.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

bool strip_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

[[noreturn]] void bad_auth(const std::string& file, const std::string& key,
                           std::string_view reason) {
  Error error(Errc::credentials, "credentials-invalid",
              concat(file, ": \"auth\" of ", quote(key), " ", reason));
  error.help(concat("write it anew: ocibuild login ", registry_of_key(key).value_or(key)));
  throw error;
}

}  // namespace

bool AuthEntry::is_marker() const {
  return auth.empty() && user.empty() && identity_token.empty() && registry_token.empty();
}

std::optional<std::string> registry_of_key(std::string_view key) {
  const bool is_address = strip_prefix(key, "https://") || strip_prefix(key, "http://");
  const std::size_t slash = key.find('/');
  const std::string_view path = slash == std::string_view::npos ? "" : key.substr(slash);
  // Only an address of an API stands for the whole registry; "ghcr.io/acme" is for acme alone.
  const bool is_whole = is_address || path.empty() || path == "/" || path.starts_with("/v1") ||
                        path.starts_with("/v2");
  if (!is_whole) return std::nullopt;
  std::string host = support::to_lower(key.substr(0, slash));
  if (host == "index.docker.io" || host == "registry-1.docker.io") host = "docker.io";
  return host;
}

const std::pair<const std::string, AuthEntry>* find_auth(const DockerConfig& config,
                                                         const std::string& registry,
                                                         const std::string& repository) {
  std::string key = repository.empty() ? registry : concat(registry, '/', repository);
  for (;;) {
    const auto at = config.auths.find(key);
    if (at != config.auths.end() && !at->second.is_marker()) return &*at;
    const std::size_t slash = key.rfind('/');
    if (slash == std::string::npos) break;
    key.resize(slash);
  }
  const auto at =
      std::find_if(config.auths.begin(), config.auths.end(), [&](const auto& candidate) {
        return !candidate.second.is_marker() && registry_of_key(candidate.first) == registry;
      });
  return at == config.auths.end() ? nullptr : &*at;
}

Credential decode_auth(const AuthEntry& entry, const std::string& key, const std::string& file) {
  Credential out{.user = entry.user,
                 .password = entry.password,
                 .identity_token = entry.identity_token,
                 .registry_token = entry.registry_token,
                 .source = concat(file, " (", key, ")")};
  if (entry.auth.empty()) return out;
  const auto decoded = support::decode_base64(entry.auth);
  if (!decoded) bad_auth(file, key, "is not base64");
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) bad_auth(file, key, "has no colon between user and password");
  out.user = decoded->substr(0, colon);
  out.password = decoded->substr(colon + 1);
  while (out.password.ends_with('\0')) out.password.pop_back();
  return out;
}

std::optional<std::string> own_helper(const DockerConfig& config, const std::string& registry) {
  for (const std::string& name : {registry, server_address(registry)}) {
    const auto at = config.cred_helpers.find(name);
    if (at != config.cred_helpers.end() && !at->second.empty()) return at->second;
  }
  return std::nullopt;
}

std::string server_address(const std::string& registry) {
  return registry == "docker.io" ? "https://index.docker.io/v1/" : registry;
}

}  // namespace ocibuild::registry
