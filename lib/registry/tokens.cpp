// SPDX-License-Identifier: Apache-2.0
#include "registry/tokens.hpp"

#include <algorithm>

#include "registry/answer.hpp"
#include "registry/registry_error.hpp"
#include "support/base64.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t answer_limit = 1 << 20;
constexpr std::chrono::seconds renew_before{10};

/// The realm, if our credentials may go there (X2).
http::Url checked_realm(const Tokens::Asker& asker, const Challenge& challenge) {
  const auto realm = http::Url::parse(challenge.parameter("realm"));
  const auto refuse = [&](std::string_view why) -> http::Url {
    throw Error(Errc::network_setup,
                {"realm-invalid",
                 concat(asker.registry, " names a token server that is not acceptable: ", why),
                 {},
                 {},
                 {}});
  };
  if (!realm) return refuse("its address is not an http or https URL");
  if (realm->origin.scheme != "https" && !asker.insecure)
    return refuse(concat("it is plain http on ", realm->origin.authority()));
  if (http::is_local_address(realm->origin.host) && realm->origin.host != asker.origin.host)
    return refuse(concat("it is the local address ", realm->origin.authority()));
  return *realm;
}

std::string basic(const Credential& credential) {
  return concat("Basic ",
                support::encode_base64(concat(credential.user, ':', credential.password)));
}

bool has_password(const Credential& credential) {
  return !credential.user.empty() || !credential.password.empty();
}

http::Request get_request(http::Url realm, const Tokens::Asker& asker, const Challenge& challenge,
                          const Scopes& scopes) {
  if (const std::string service = challenge.parameter("service"); !service.empty())
    realm.add_query("service", service);
  for (const std::string& scope : scopes.list()) realm.add_query("scope", scope);
  realm.add_query("client_id", "ocibuild");
  http::Request request{.method = http::Method::get, .url = std::move(realm)};
  if (asker.credential && has_password(*asker.credential)) {
    request.url.add_query("account", asker.credential->user);
    request.headers.add("Authorization", basic(*asker.credential));
  }
  return request;
}

std::string post_form(const Tokens::Asker& asker, const Challenge& challenge, const Scopes& scopes,
                      bool refresh) {
  std::vector<std::pair<std::string_view, std::string>> fields;
  if (refresh) {
    fields = {{"grant_type", "refresh_token"}, {"refresh_token", asker.credential->identity_token}};
  } else {
    fields = {{"grant_type", "password"},
              {"username", asker.credential->user},
              {"password", asker.credential->password}};
  }
  fields.emplace_back("service", challenge.parameter("service"));
  fields.emplace_back("client_id", "ocibuild");
  fields.emplace_back("scope", scopes.str());
  return http::form(fields);
}

/// Sends with the repetitions of Y1; redirects stay on the realm's origin (X2).
Answer ask(http::Client& client, http::Request request, const Repeater& repeater,
           const std::stop_token& stop) {
  Answer answer;
  request.decode = true;
  for (unsigned attempt = 1, redirects = 0;;) {
    const http::Client::TextAnswer got = client.send(request, answer_limit, stop);
    answer = to_answer(got, request.url);
    answer.attempts = attempt;
    if (redirects < 3 && answer.status >= 300 && answer.status < 400) {
      const auto target = request.url.resolve(answer.headers.find("location").value_or(""));
      if (target && target->origin == request.url.origin) {
        request.url = *target;
        ++redirects;
        continue;
      }
    }
    if (!http::is_transient(got.outcome)) return answer;
    if (!repeater.wait(attempt, got.outcome, request.url.origin.authority())) return answer;
    ++attempt;
  }
}

}  // namespace

std::string Tokens::key_of(const Asker& asker) {
  const Credential none;
  const Credential& credential = asker.credential ? *asker.credential : none;
  // The user is enough to tell credentials of one origin apart; the identity token has none.
  return concat(asker.origin.scheme, "://", asker.origin.authority(), ' ', credential.user, ' ',
                credential.source);
}

std::optional<Token> Tokens::cached(const Asker& asker, const Scopes& scopes) {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(key_of(asker));
  if (entry == entries_.end()) return std::nullopt;
  for (Token& token : entry->second.tokens) {
    if (token.renew_at <= Clock::now() || !token.scopes.cover(scopes)) continue;
    ++token.requests;
    return token;
  }
  return std::nullopt;
}

void Tokens::worked(const Asker& asker, const Token& token) {
  const std::lock_guard lock(mutex_);
  for (Token& known : entries_[key_of(asker)].tokens) {
    if (known.text == token.text) known.worked = true;
  }
}

bool Tokens::drop(const Asker& asker, const Token& token) {
  const std::lock_guard lock(mutex_);
  std::vector<Token>& tokens = entries_[key_of(asker)].tokens;
  const auto known = std::ranges::find(tokens, token.text, &Token::text);
  if (known == tokens.end()) return true;
  const bool died = known->worked || known->requests > 1;
  tokens.erase(known);
  return died;
}

void Tokens::forget(const Asker& asker, const Scopes& scopes) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_[key_of(asker)].tokens,
                [&](const Token& token) { return token.scopes.cover(scopes); });
}

Token Tokens::fetch(const Asker& asker, const Challenge& challenge, const Scopes& scopes,
                    Clock::time_point not_before) {
  std::unique_lock lock(mutex_);
  Entry& entry = entries_[key_of(asker)];
  for (;;) {
    for (Token& token : entry.tokens) {
      if (token.fetched < not_before || !token.scopes.cover(scopes)) continue;
      ++token.requests;
      return token;
    }
    if (!entry.fetching) break;
    changed_.wait(lock, stop_, [&] { return !entry.fetching; });
    support::throw_if_stopped(stop_);
  }
  entry.fetching = true;
  Asker newest = asker;
  if (newest.credential && !entry.refresh_token.empty())
    newest.credential->identity_token = entry.refresh_token;
  lock.unlock();
  std::exception_ptr failure;
  std::optional<Fetched> fetched;
  try {
    fetched = request(newest, challenge, scopes);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  entry.fetching = false;
  if (fetched) {
    const Token& token = fetched->token;
    std::erase_if(entry.tokens, [&](const Token& old) { return token.scopes.cover(old.scopes); });
    entry.tokens.push_back(token);
    // Only in place of one: a password stays what is sent where it was.
    if (newest.credential && !newest.credential->identity_token.empty() &&
        !fetched->refresh_token.empty()) {
      entry.refresh_token = fetched->refresh_token;
    }
  }
  lock.unlock();
  changed_.notify_all();
  if (failure) std::rethrow_exception(failure);
  return fetched->token;
}

Tokens::Fetched Tokens::request(const Asker& asker, const Challenge& challenge,
                                const Scopes& scopes) {
  const http::Url realm = checked_realm(asker, challenge);
  const auto posted = [&](bool refresh) {
    const http::TextBody body(post_form(asker, challenge, scopes, refresh));
    http::Request request{.method = http::Method::post, .url = realm, .body = &body};
    request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    return ask(client_, std::move(request), repeater_, stop_);
  };
  const auto got = [&] {
    return ask(client_, get_request(realm, asker, challenge, scopes), repeater_, stop_);
  };
  const bool password = asker.credential && has_password(*asker.credential);
  Answer answer;
  if (asker.credential && !asker.credential->identity_token.empty()) {
    answer = posted(true);
    if ((answer.status == 404 || answer.status == 405) && password) answer = got();
  } else {
    answer = got();
    const bool no_get = answer.status == 404 || answer.status == 405 || answer.status == 501;
    if (no_get && password) answer = posted(false);
  }
  const auto parsed = answer.status == 200 ? parse_token_answer(answer.body) : std::nullopt;
  if (!parsed) throw token_error(asker, answer, scopes);

  Token token{.text = parsed->token, .scopes = scopes, .fetched = Clock::now(), .requests = 1};
  const std::chrono::seconds life(parsed->expires_in);
  token.renew_at = token.fetched + life - std::min<std::chrono::seconds>(renew_before, life / 4);
  return {std::move(token), parsed->refresh_token};
}

}  // namespace ocibuild::registry
