// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "http/client.hpp"
#include "registry/challenge.hpp"
#include "registry/credentials.hpp"
#include "registry/repeater.hpp"
#include "registry/scopes.hpp"

namespace ocibuild::registry {

/// A bearer token and how long it is believed.
struct Token {
  std::string text;
  Scopes scopes;
  std::chrono::steady_clock::time_point fetched{};
  std::chrono::steady_clock::time_point renew_at{};
  bool worked = false;    ///< a registry took it once
  unsigned requests = 0;  ///< it was handed out for
};

/// Bearer tokens of all registries: asked for once, shared, renewed before they end
/// (docs/reference/registry.md, T4 to T8). In memory only. Thread-safe; one fetch a key at a time,
/// the others wait for it.
class Tokens {
public:
  /// The arguments must outlive this.
  Tokens(http::Client& client, const Repeater& repeater, std::stop_token stop)
      : client_(client), repeater_(repeater), stop_(std::move(stop)) {}

  /// Who asks: tokens are never shared between registries or users.
  struct Asker {
    http::Origin origin;  ///< of the registry's API
    std::string registry;
    std::string repository{};  ///< for messages, as what follows
    std::vector<std::string> looked_at{};
    std::optional<Credential> credential{};
    bool insecure = false;  ///< a plain-HTTP realm is acceptable
  };

  /// A token that is still good for `scopes`, without asking anybody.
  std::optional<Token> cached(const Asker& asker, const Scopes& scopes);
  /// A token from the challenge's realm for `scopes`, newer than `not_before`.
  /// @throws Error: auth-refused, not-a-registry, realm-invalid, rate-limited, those of the network
  Token fetch(const Asker& asker, const Challenge& challenge, const Scopes& scopes,
              std::chrono::steady_clock::time_point not_before);
  /// Remembers that a registry took it.
  void worked(const Asker& asker, const Token& token);
  /// Forgets a token that a registry does not take (any more). True if it may have died of use: it
  /// worked once, or other requests have it too.
  bool drop(const Asker& asker, const Token& token);
  /// Forgets every token that was asked for `scopes` among others.
  void forget(const Asker& asker, const Scopes& scopes);

private:
  struct Entry {
    std::vector<Token> tokens{};
    bool fetching = false;
    std::string refresh_token{};  ///< that a token server gave in place of the one held (T5)
  };
  static std::string key_of(const Asker& asker);
  struct Fetched {
    Token token;
    std::string refresh_token;
  };
  Fetched request(const Asker& asker, const Challenge& challenge, const Scopes& scopes);

  http::Client& client_;
  const Repeater& repeater_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Entry> entries_;
};

/// The `access_token` or `token` and its seconds of life out of a token server's answer (T6).
/// Nothing if it is no such answer.
struct TokenAnswer {
  std::string token;
  std::int64_t expires_in = 60;
  std::string refresh_token{};
};
std::optional<TokenAnswer> parse_token_answer(std::string_view json);

}  // namespace ocibuild::registry
