// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>
#include <ocibuild/login.hpp>

#include "registry/credential_store.hpp"
#include "registry/credentials.hpp"
#include "registry/session.hpp"
#include "support/text.hpp"

namespace ocibuild {

namespace {

using support::concat;

/// Asks /v2/ with the given user; a registry that wants nothing takes everybody.
void verify_login(const LoginRequest& request, const std::stop_token& stop) {
  NetworkSettings settings = request.network;
  settings.credentials = {};
  settings.credentials.given = {request.user, request.password};
  registry::Network network(settings, stop);
  registry::Source source{.registry = request.registry,
                          .repository = {},
                          .insecure = network.configuration().is_insecure(request.registry)};
  registry::Session session(network, std::move(source), registry::Purpose::push);
  const registry::Call call{.url = http::Url{.origin = session.api(), .path = "/v2/"},
                            .doing = concat("logging in to ", request.registry)};
  const registry::Answer answer = session.perform(call);
  if (!answer.ok()) session.fail(call, answer);
}

}  // namespace

LoginResult login(const LoginRequest& request, std::stop_token stop) {
  if (request.verify) verify_login(request, stop);
  const registry::SavedLogin saved =
      registry::save_login({request.file, request.network.credentials.on_terminal},
                           request.registry, request.user, request.password, stop);
  return {saved.place, saved.encrypted};
}

std::vector<std::string> saved_logins(const std::filesystem::path& file) {
  return registry::saved_registries({file, false});
}

std::optional<std::string> login_user(const std::string& registry,
                                      const CredentialSettings& settings, std::stop_token stop) {
  const auto found = registry::Credentials(settings, std::move(stop)).find(registry, {});
  return found ? std::optional(found->user) : std::nullopt;
}

std::vector<std::string> logout(const std::filesystem::path& file, const std::string& registry,
                                bool on_terminal, std::stop_token stop) {
  const registry::CredentialStore store{file, on_terminal};
  const std::vector<std::string> registries =
      registry.empty() ? registry::saved_registries(store) : std::vector{registry};
  std::vector<std::string> places;
  for (const std::string& name : registries) {
    for (std::string& place : registry::erase_login(store, name, stop))
      places.push_back(concat(name, ": ", std::move(place)));
  }
  return places;
}

}  // namespace ocibuild
