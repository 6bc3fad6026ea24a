// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include <ocibuild/network.hpp>

#include "http/client.hpp"
#include "support/scripted_server.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

/// A GET of `path` at a listener of `server`, by its loopback address.
inline Request get(const test::ScriptedServer& server, std::string_view path,
                   const std::string& listener = "main") {
  return {.url = *Url::parse(server.url(path, listener))};
}

/// A GET by a name that is no loopback; see ScriptedServer::resolve().
inline Request named_get(const test::ScriptedServer& server, std::string_view scheme,
                         std::string_view path = "/", const std::string& listener = "main") {
  return {.url = *Url::parse(server.named_url(scheme, path, listener))};
}

/// Settings that reach registry.test at every listener in `listeners` and trust the server's CA.
inline NetworkSettings settings_for(const test::ScriptedServer& server,
                                    std::initializer_list<const char*> listeners) {
  NetworkSettings settings;
  for (const char* listener : listeners) settings.resolve.push_back(server.resolve(listener));
  settings.trust.extra = {server.certificate("ca.crt")};
  return settings;
}

/// The failure's kind; other when there is none, which no test expects.
inline Failure::Kind kind_of(const Outcome& outcome) {
  return outcome.failure ? outcome.failure->kind : Failure::Kind::other;
}

}  // namespace ocibuild::http
