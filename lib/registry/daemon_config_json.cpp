// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "registry/daemon_config.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

DaemonConfig::MirrorUrl read_mirror(std::string_view url, const std::string& file) {
  const bool plain = url.starts_with("http://");
  std::string_view rest = url;
  if (plain || url.starts_with("https://")) rest.remove_prefix(url.find("//") + 2);
  const auto location = parse_location(rest);
  if (!location) {
    // Not shown: such an address may hold a password.
    throw Error(Errc::usage, "config-invalid",
                concat(file, ": an entry of \"registry-mirrors\" is no http(s)://HOST[:PORT]"));
  }
  return {.location = *location, .insecure = plain};
}

}  // namespace

DaemonConfig parse_daemon_config(std::string_view text, const std::string& file) {
  if (support::trim(text).empty()) return {};
  try {
    const support::Json json = support::parse_json(text, file);
    DaemonConfig out;
    for (const std::string& url : support::strings_member(json, "registry-mirrors"))
      out.mirrors.push_back(read_mirror(url, file));
    out.insecure = support::strings_member(json, "insecure-registries");
    for (std::string& host : out.insecure) host = support::to_lower(host);
    return out;
  } catch (const Error& error) {
    if (error.diagnostic().id != "json-invalid") throw;
    const std::string message = error.what();
    throw Error(Errc::usage, "config-invalid",
                message.starts_with(file) ? message : concat(file, ": ", message));
  }
}

}  // namespace ocibuild::registry
