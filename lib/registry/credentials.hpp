// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <ocibuild/network.hpp>

namespace ocibuild::registry {

/// What is known for one registry and path. Secrets: never printed, never stored.
struct Credential {
  std::string user{};
  std::string password{};
  std::string identity_token{};  ///< OAuth2 refresh token; preferred over user and password
  std::string registry_token{};  ///< bearer token, used as it is
  /// For messages: "/home/u/.docker/config.json (ghcr.io)", "GITHUB_TOKEN",
  /// "docker-credential-pass".
  std::string source{};
  /// Sources before that one which are there and had nothing, for messages: one line each.
  std::vector<std::string> passed_over{};
};

/// What the credentials are wanted for: a broken helper is a warning for a pull, which may do
/// without, and an error for a push. A mirror is not the registry that --creds are for.
enum class Purpose { pull, mirror, push };

/// Finds credentials in the order of docs/reference/registry.md 4, lazily: files are read and
/// helpers asked when a registry wants to know, each once. Thread-safe; two registries may be
/// asked at the same time. Amazon's registries: see registry/ecr.hpp when nothing is found here.
class Credentials {
public:
  /// `settings` must outlive this.
  explicit Credentials(const CredentialSettings& settings, std::stop_token stop = {});
  ~Credentials();

  /// `registry`: as in a reference ("docker.io", "reg.corp:5000"); `repository`: its path, may be
  /// empty. Nothing: anonymous.
  /// @throws Error(Errc::credentials, helper-failed) for a push, and (credentials-invalid), naming
  /// file and key but no value
  std::optional<Credential> find(const std::string& registry, const std::string& repository,
                                 Purpose purpose = Purpose::push);

  /// What the last find() for that registry looked at without success, for "auth-needed": one line
  /// a source.
  std::vector<std::string> looked_at(const std::string& registry) const;
  /// Warnings so far (a missing credsStore program), each once.
  std::vector<std::string> warnings() const;
  /// "proxies" of docker's configuration, for when nothing else says so (C4.1).
  ProxySettings docker_proxies();
  /// "HttpHeaders" of docker's configuration: for API hosts only.
  std::vector<std::pair<std::string, std::string>> api_headers();

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The server address that helpers and Docker's files use: "https://index.docker.io/v1/" for
/// docker.io, else the name itself (K4).
std::string server_address(const std::string& registry);

}  // namespace ocibuild::registry
