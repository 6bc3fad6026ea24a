// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <ocibuild/network.hpp>

#include "registry/aws_access.hpp"
#include "registry/credentials.hpp"

namespace ocibuild::registry {

/// Logs in to Amazon ECR and makes repositories there without any helper program
/// (docs/reference/registry.md, 11). Asked only after Credentials found nothing. Thread-safe.
class Ecr {
public:
  /// `settings` must outlive this. Nothing is read or sent before the first call.
  /// `proxies` gives those to use, when the first request is made; none: those of `settings`.
  explicit Ecr(const NetworkSettings& settings, std::stop_token stop = {},
               std::function<ProxySettings()> proxies = {});
  /// For tests.
  explicit Ecr(AwsAccess access);
  ~Ecr();

  /// User "AWS" and its password for a registry of W1, kept in memory until five minutes before
  /// their end. Nothing: `registry` is none of Amazon's. public.ecr.aws needs this for pushes only.
  /// @throws Error(Errc::credentials, auth-needed, auth-refused, credentials-invalid,
  /// helper-failed), (Errc::network_setup, tls-clock), (Errc::retry_later, registry-unavailable)
  std::optional<Credential> login(const std::string& registry);
  /// Forgets a login that the registry refused, so that the next login() asks anew (T9).
  void forget(const std::string& registry);

  /// Makes the repository that a push did not find, with the registry's own defaults. Returns the
  /// line that tells it; nothing: it was there all along. `registry` must be one of Amazon's.
  /// @throws as login(), and Error(Errc::credentials, push-denied) with the command that would do
  std::optional<std::string> ensure_repository(const std::string& registry,
                                               const std::string& repository);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The answer to GetAuthorizationToken. @throws Error(Errc::failed, json-invalid)
struct EcrToken {
  std::string encoded;                 ///< base64 of AWS:PASSWORD
  std::optional<double> expires_at{};  ///< seconds since 1970
};
EcrToken parse_ecr_token(std::string_view text);
/// Bodies of DescribeRepositories and CreateRepository for one name.
std::string describe_request(const std::string& repository);
std::string create_request(const std::string& repository);

}  // namespace ocibuild::registry
