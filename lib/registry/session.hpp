// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "registry/answer.hpp"
#include "registry/network.hpp"

namespace ocibuild::registry {

/// One request to a repository, before authentication and redirects.
struct Call {
  http::Method method = http::Method::get;
  std::string target{};            ///< below /v2/REPOSITORY/: "manifests/3.20"; with its query
  std::optional<http::Url> url{};  ///< instead of `target`: an upload session
  http::Headers headers{};
  const http::RequestBody* body = nullptr;
  Scopes scopes{};
  std::string doing{};  ///< for messages: "pulling alpine:3.20"
  std::size_t body_limit =
      0;                ///< of a successful answer that is wanted and not streamed; 0: it is not
  bool decode = false;  ///< undo a Content-Encoding; documents are always decoded (N2)
  bool logs_in = true;  ///< a 401 is answered; else it is the answer
  bool anonymous =
      false;  ///< `url` is a stranger's, whatever its origin: nothing of ours goes there
  std::optional<std::stop_token> stop{};  ///< instead of the network's: a last word after that
};

/// A repository of one registry, as all pulling and pushing sees it: requests are authorised, their
/// redirects followed, their repetitions made (docs/reference/registry.md, 5 to 7). Thread-safe.
class Session {
public:
  /// `network` must outlive this. `purpose`: whether a broken credential helper is an error.
  Session(Network& network, Source source, Purpose purpose);

  Network& network() const { return network_; }
  const Source& source() const { return source_; }
  Purpose purpose() const { return purpose_; }
  /// Who answers. Its scheme becomes http once an insecure registry turned out to speak no TLS.
  http::Origin api() const;
  OriginState& state() const { return network_.origin(api()); }
  http::Url url(std::string_view target) const;

  /// One attempt: with authentication (T9) and redirects (N4), without repetition. The body of an
  /// answer 200 or 206 goes to `taker` when there is one.
  Answer attempt(const Call& call, http::ResponseTaker* taker = nullptr);
  /// Attempts with waits between them (Y1, Y2) until one is not transient; its answer.
  Answer perform(const Call& call);
  /// False when it is time for the next source: a mirror that another one stands behind gets one
  /// chance more, and as many as all others only when it asks us to come back (C3.1).
  bool may_repeat(unsigned repetition, const Answer& answer) const;
  /// The answer of /v2/, whose challenge is remembered when none is known yet (T1).
  Answer ping();

  /// The bearer token that the challenge which ping() found asks for; nothing when it asks for
  /// none. @throws Error as Tokens::fetch()
  std::optional<Token> token(const Scopes& scopes);

  /// The credential that requests carry; looked up on first use.
  std::optional<Credential> credential();
  /// The same, but nothing when none was asked for yet.
  std::optional<Credential> credential_in_use();
  /// Tokens that hold `scopes` are not used any more.
  void forget_tokens(const Scopes& scopes);
  /// Makes the repository where a push may do that, at Amazon's registries (W8). True: try again.
  /// @throws Error(Errc::credentials, push-denied) with the command that would do
  bool make_repository();
  /// Turns an answer that is no success into the error that explains it (E2).
  [[noreturn]] void fail(const Call& call, const Answer& answer);

private:
  Answer hop(const Call& call, const http::Url& url, http::ResponseTaker* taker);
  Answer foreign_hop(const Call& call, const http::Url& url, http::ResponseTaker* taker);
  Answer exchange(const Call& call, const http::Url& url, const std::string& authorization,
                  http::ResponseTaker* taker);
  struct Authorization {
    std::string header{};  ///< empty: none
    std::optional<Token> token{};
  };
  std::optional<Credential> find_credential();
  void forget_ecr_login();
  bool is_api(const http::Origin& origin) const;
  void remember_scheme(const http::Url& asked, const http::Url& answered);
  Authorization known_authorization(const Scopes& scopes);
  Authorization answer_challenge(const Call& call, const Answer& refused,
                                 std::chrono::steady_clock::time_point sent);
  std::optional<Challenge> challenge_for(const Answer& refused);
  Tokens::Asker asker();

  Network& network_;
  const Source source_;
  const Purpose purpose_;
  mutable std::mutex mutex_;  // for api_
  http::Origin api_;
  std::mutex credential_mutex_;  // for what follows; held while it is found
  bool ecr_login_ = false;
  std::optional<std::optional<Credential>> credential_;  // outer: looked up
};

}  // namespace ocibuild::registry
