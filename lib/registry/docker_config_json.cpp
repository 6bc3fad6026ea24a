// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "registry/docker_config.hpp"
#include "support/base64.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::Json;
using support::quote;

namespace {

[[noreturn]] void invalid(const std::string& message) {
  throw Error(Errc::credentials, "credentials-invalid", message);
}

/// Calls `read`; what the JSON getters find wrong becomes an error of this file.
template <typename Read>
decltype(auto) naming_file(const std::string& file, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    if (error.diagnostic().id != "json-invalid") throw;
    const std::string text = error.what();
    invalid(text.starts_with(file) ? text : concat(file, ": ", text));
  }
}

Json parse(std::string_view text, const std::string& file) {
  if (support::trim(text).empty()) return Json::object();
  return naming_file(file, [&] {
    Json json = support::parse_json(text, file);
    if (!json.is_object()) invalid(concat(file, " is no JSON object"));
    return json;
  });
}

AuthEntry read_entry(const Json& json) {
  return {.auth = support::string_member(json, "auth"),
          .user = support::string_member(json, "username"),
          .password = support::string_member(json, "password"),
          .identity_token = support::string_member(json, "identitytoken"),
          .registry_token = support::string_member(json, "registrytoken")};
}

/// Who we are, what we may do and what the body is are not for a file to say (C5).
bool is_ours(std::string_view name) {
  static constexpr std::array<std::string_view, 4> ours{"user-agent", "authorization", "host",
                                                        "range"};
  const std::string lower = support::to_lower(name);
  return lower.starts_with("content-") || std::find(ours.begin(), ours.end(), lower) != ours.end();
}

void read_headers(const Json& json, DockerConfig& out) {
  for (const auto& [name, value] : support::string_map_member(json, "HttpHeaders")) {
    const auto breaks_lines = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
    const bool bad_name = name.empty() || std::any_of(name.begin(), name.end(), [](char c) {
                            return c <= ' ' || c == ':' || c == '\x7f';
                          });
    if (bad_name || std::any_of(value.begin(), value.end(), breaks_lines))
      invalid(concat(out.file, ": ", quote(name), " of \"HttpHeaders\" is no header"));
    if (!is_ours(name)) out.http_headers.emplace_back(name, value);
  }
}

/// Members with an empty text count as absent: docker leaves them so.
void read_proxies(const Json& json, DockerConfig& out) {
  const Json* proxies = support::find_member(json, "proxies");
  const Json* chosen = proxies != nullptr ? support::find_member(*proxies, "default") : nullptr;
  if (chosen == nullptr) return;
  const auto value = [&](std::string_view name) -> std::optional<ProxySettings::Value> {
    std::string url = support::string_member(*chosen, name);
    if (url.empty()) return std::nullopt;
    return ProxySettings::Value{std::move(url), concat(out.file, " (", name, ')')};
  };
  out.proxies = {.http = value("httpProxy"),
                 .https = value("httpsProxy"),
                 .all = value("allProxy"),
                 .no_proxy = support::string_member(*chosen, "noProxy")};
}

std::string print(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

DockerConfig parse_docker_config(std::string_view text, const std::string& file) {
  const Json json = parse(text, file);
  return naming_file(file, [&] {
    DockerConfig out{.file = file};
    out.creds_store = support::string_member(json, "credsStore");
    out.cred_helpers = support::string_map_member(json, "credHelpers");
    read_headers(json, out);
    read_proxies(json, out);
    for (const std::string& key : support::keys_member(json, "auths")) {
      const Json& entry = json["auths"][key];
      if (entry.is_null()) continue;
      if (!entry.is_object()) invalid(concat(file, ": \"auths\" of ", quote(key), " is no object"));
      try {
        out.auths.emplace(key, read_entry(entry));
      } catch (const Error& error) {
        invalid(concat(file, ": \"auths\" of ", quote(key), ": ", error.what()));
      }
    }
    return out;
  });
}

std::string with_login(std::string_view text, const std::string& file, const std::string& key,
                       const std::string& user, const std::string& password) {
  parse_docker_config(text, file);  // a damaged file is not made worse
  Json json = parse(text, file);
  json["auths"][key] = {{"auth", support::encode_base64(concat(user, ':', password))}};
  return print(json);
}

std::string with_marker(std::string_view text, const std::string& file, const std::string& key) {
  parse_docker_config(text, file);
  Json json = parse(text, file);
  json["auths"][key] = Json::object();
  return print(json);
}

std::optional<std::string> without_logins(std::string_view text, const std::string& file,
                                          const std::vector<std::string>& keys) {
  const DockerConfig config = parse_docker_config(text, file);
  Json json = parse(text, file);
  bool changed = false;
  for (const std::string& key : keys) {
    if (config.auths.count(key) == 0) continue;
    json["auths"].erase(key);
    changed = true;
  }
  return changed ? std::optional(print(json)) : std::nullopt;
}

}  // namespace ocibuild::registry
