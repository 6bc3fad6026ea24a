// SPDX-License-Identifier: Apache-2.0
#include "registry/session.hpp"

#include <algorithm>
#include <ctime>

#include "registry/body_splitter.hpp"
#include "registry/ecr_name.hpp"
#include "registry/redirect.hpp"
#include "registry/registry_error.hpp"
#include "support/base64.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using http::Method;
using support::concat;

namespace {

constexpr unsigned most_renewals = 8;  // of tokens, for one request

struct GateLock {
  GateLock(Gate& of, const std::stop_token& stop) : gate(of) { gate.enter(stop); }
  ~GateLock() { gate.leave(); }
  GateLock(const GateLock&) = delete;
  GateLock& operator=(const GateLock&) = delete;
  Gate& gate;
};

http::Origin api_origin(const std::string& registry) {
  const auto url = http::Url::parse(concat("https://", api_host(registry), "/"));
  if (!url) throw Error(Errc::usage, "name-invalid", concat("'", registry, "' is no registry"));
  return url->origin;
}

bool is_ecr(const std::string& registry) {
  return parse_ecr_name(registry).has_value();
}

/// A login that no longer counts: Amazon's says 403 (T9).
bool is_refused_login(const std::string& registry, const Answer& answer) {
  if (answer.status == 401) return true;
  return answer.status == 403 && is_ecr(registry) &&
         read_words(answer).mentions("authorization token has expired");
}

/// "library/alpine:3.20" of a call for manifests/3.20; empty for other calls.
std::string image_of(const std::string& repository, std::string_view target) {
  constexpr std::string_view manifests = "manifests/";
  if (!target.starts_with(manifests)) return {};
  target.remove_prefix(manifests.size());
  return concat(repository, target.find(':') == std::string_view::npos ? ':' : '@', target);
}

std::string basic_header(const Credential& credential) {
  return concat("Basic ",
                support::encode_base64(concat(credential.user, ':', credential.password)));
}

}  // namespace

Session::Session(Network& network, Source source, Purpose purpose)
    : network_(network),
      source_(std::move(source)),
      purpose_(purpose),
      api_(api_origin(source_.registry)) {}

http::Origin Session::api() const {
  const std::lock_guard lock(mutex_);
  return api_;
}

bool Session::is_api(const http::Origin& origin) const {
  return origin == api();
}

/// An insecure registry that speaks no TLS is asked in the clear from then on, and what it calls
/// itself is its own origin (S2).
void Session::remember_scheme(const http::Url& asked, const http::Url& answered) {
  const std::lock_guard lock(mutex_);
  if (asked.origin == api_ && !answered.origin.host.empty()) api_ = answered.origin;
}

http::Url Session::url(std::string_view target) const {
  http::Url url{.origin = api(), .path = concat("/v2/", source_.repository, "/", target)};
  const std::size_t question = url.path.find('?');
  if (question != std::string::npos) {
    url.query = url.path.substr(question + 1);
    url.path.resize(question);
  }
  return url;
}

/// Amazon's registries are logged in to by ourselves when nothing else is configured (W2); their
/// public one gives everybody tokens for pulls.
std::optional<Credential> Session::find_credential() {
  const Purpose purpose = source_.mirror ? Purpose::mirror : purpose_;
  auto found = network_.credentials().find(source_.registry, source_.repository, purpose);
  for (const std::string& text : network_.credentials().warnings())
    network_.warnings().add({"credentials-skipped", text, {}, {}, {}});
  const bool anonymous = source_.registry == "public.ecr.aws" && purpose_ == Purpose::pull;
  if (found || anonymous || !is_ecr(source_.registry)) return found;
  ecr_login_ = true;
  return network_.ecr().login(source_.registry);
}

/// A login that we made ourselves is made anew.
void Session::forget_ecr_login() {
  const std::lock_guard lock(credential_mutex_);
  if (!ecr_login_) return;
  network_.ecr().forget(source_.registry);
  credential_.reset();
}

std::optional<Credential> Session::credential() {
  const std::lock_guard lock(credential_mutex_);
  if (!credential_) credential_ = find_credential();
  return *credential_;
}

std::optional<Credential> Session::credential_in_use() {
  const std::lock_guard lock(credential_mutex_);
  return credential_.value_or(std::nullopt);
}

bool Session::make_repository() {
  if (!is_ecr(source_.registry) || !network_.settings().create_repository) return false;
  const auto made = network_.ecr().ensure_repository(source_.registry, source_.repository);
  if (made) network_.repeater().tell(source_.registry, *made);
  return made.has_value();
}

void Session::forget_tokens(const Scopes& scopes) {
  network_.tokens().forget(asker(), scopes);
}

Tokens::Asker Session::asker() {
  const http::Origin origin = api();
  Tokens::Asker out{.origin = origin,
                    .registry = source_.registry,
                    .repository = source_.repository,
                    .credential = credential(),
                    .insecure = source_.insecure || origin.scheme == "http"};
  out.looked_at = out.credential ? out.credential->passed_over
                                 : network_.credentials().looked_at(source_.registry);
  return out;
}

/// What can be sent without having been asked: nothing is looked up for it, so that a public image
/// starts no credential helper.
Session::Authorization Session::known_authorization(const Scopes& scopes) {
  // Amazon's registries know no anonymous users, and the first request already carries it (K5).
  if (!is_ecr(source_.registry)) {
    const std::lock_guard lock(credential_mutex_);
    if (!credential_) return {};
  }
  const std::optional<Credential> known = credential();
  if (known && !known->registry_token.empty()) return {concat("Bearer ", known->registry_token)};
  OriginState& state = this->state();
  {
    const std::lock_guard lock(state.mutex);
    if ((state.basic || is_ecr(source_.registry)) && known) return {basic_header(*known)};
  }
  if (auto token = network_.tokens().cached(asker(), scopes)) {
    std::string header = concat("Bearer ", token->text);
    return {std::move(header), std::move(token)};
  }
  return {};
}

/// The challenge of an answer 401, or that of /v2/ for registries that only give one there (T1).
std::optional<Challenge> Session::challenge_for(const Answer& refused) {
  OriginState& state = this->state();
  auto challenge = choose(parse_challenges(refused.headers.all("www-authenticate")));
  if (!challenge) {
    const std::lock_guard lock(state.mutex);
    challenge = state.challenge;
  }
  if (!challenge) {
    const Answer answer =
        exchange({.doing = "asking for /v2/"}, {.origin = api(), .path = "/v2/"}, {}, nullptr);
    challenge = choose(parse_challenges(answer.headers.all("www-authenticate")));
  }
  const std::lock_guard lock(state.mutex);
  if (challenge) state.challenge = challenge;
  return challenge;
}

/// New authorization after a 401 to a request sent at `sent`: what was fetched since then by
/// another thread will do. An empty header when there is none to be had.
Session::Authorization Session::answer_challenge(const Call& call, const Answer& refused,
                                                 std::chrono::steady_clock::time_point sent) {
  const std::optional<Challenge> challenge = challenge_for(refused);
  if (!challenge) return {};
  const std::optional<Credential> known = credential();
  if (known && !known->registry_token.empty()) return {};
  if (challenge->scheme == "basic") {
    if (!known) return {};
    OriginState& state = this->state();
    const std::lock_guard lock(state.mutex);
    state.basic = true;
    return {basic_header(*known)};
  }
  Scopes scopes = call.scopes;
  scopes.add(challenge->parameter("scope"));
  Token token = network_.tokens().fetch(asker(), *challenge, scopes, sent);
  std::string header = concat("Bearer ", token.text);
  return {std::move(header), std::move(token)};
}

Answer Session::exchange(const Call& call, const http::Url& url, const std::string& authorization,
                         http::ResponseTaker* taker) {
  http::Request request{
      .method = call.method, .url = url, .headers = call.headers, .body = call.body};
  if (!authorization.empty()) request.headers.add("Authorization", authorization);
  const bool to_api = is_api(url.origin);
  if (to_api && !call.anonymous) {
    for (const auto& [name, value] : network_.credentials().api_headers())
      request.headers.add(name, value);
  }
  request.insecure = to_api && source_.insecure;
  request.decode = call.decode || call.body_limit > 0;
  const std::stop_token& stop = call.stop ? *call.stop : network_.stop();
  const GateLock place(network_.origin(url.origin).gate, stop);
  http::Client::TextAnswer got =
      send_split(network_.client(), request, taker, call.body_limit, stop);
  remember_scheme(url, got.outcome.url);
  Answer answer = to_answer(std::move(got), url);
  network_.warnings().add_said(url.origin.authority(), answer.headers);
  const bool busy = answer.status == 429 || answer.status == 503;
  if (busy && !answer.failure) {
    const http::ResponseHead head{answer.status, answer.headers};
    if (const auto pause = http::retry_after(head, std::time(nullptr))) {
      constexpr std::chrono::seconds longest{300};
      place.gate.pause_until(std::chrono::steady_clock::now() + std::min(*pause, longest));
    }
  }
  return answer;
}

/// One hop. Only our registry's origin ever sees authorization (X1).
Answer Session::hop(const Call& call, const http::Url& url, http::ResponseTaker* taker) {
  if (call.anonymous || !is_api(url.origin)) return foreign_hop(call, url, taker);
  Authorization authorization = known_authorization(call.scopes);
  for (unsigned renewals = 0;; ++renewals) {
    const auto sent = std::chrono::steady_clock::now();
    Answer answer = exchange(call, url, authorization.header, taker);
    const bool refused = is_refused_login(source_.registry, answer);
    if (authorization.token && !refused) network_.tokens().worked(asker(), *authorization.token);
    if (!refused || !call.logs_in || renewals == most_renewals) return answer;
    const bool was_basic = authorization.header.starts_with("Basic ");
    // A new token that never was good for anything will not be; one that other threads have used
    // up meanwhile is no refusal (T9).
    const bool died = authorization.token && network_.tokens().drop(asker(), *authorization.token);
    if (renewals > 0 && !died) return answer;
    if (was_basic) forget_ecr_login();
    Authorization renewed = answer_challenge(call, answer, sent);
    if (renewed.header.empty() || (was_basic && renewed.header == authorization.header))
      return answer;
    authorization = std::move(renewed);
  }
}

/// A host that we were redirected to. It may want a token for everybody, as the registry behind a
/// registry's front does; nothing that is ours goes there (N4.4).
Answer Session::foreign_hop(const Call& call, const http::Url& url, http::ResponseTaker* taker) {
  Answer answer = exchange(call, url, {}, taker);
  if (answer.status != 401 || answer.failure || call.method != Method::get) return answer;
  const auto challenge = choose(parse_challenges(answer.headers.all("www-authenticate")));
  if (!challenge || challenge->scheme != "bearer") return answer;
  const Tokens::Asker nobody{.origin = url.origin,
                             .registry = url.origin.authority(),
                             .repository = source_.repository,
                             .insecure = url.origin.scheme == "http"};
  Scopes scopes;
  scopes.add(challenge->parameter("scope"));
  const Token token = network_.tokens().fetch(nobody, *challenge, scopes, {});
  return exchange(call, url, concat("Bearer ", token.text), taker);
}

Answer Session::attempt(const Call& call, http::ResponseTaker* taker) {
  http::Url url = call.url ? *call.url : this->url(call.target);
  const bool blob = call.method == Method::get && call.target.starts_with("blobs/");
  Redirects redirects(url,
                      {.name = source_.registry,
                       .home = api(),
                       .insecure = source_.insecure,
                       .verified = blob,
                       .far = call.anonymous},
                      network_.warnings());
  for (;;) {
    Answer answer = hop(call, url, taker);
    answer.hosts = redirects.hosts();
    const auto target = redirects.next(call.method, answer);
    // Portals and login pages say 200; no registry answers so (P4). Blobs are their digest's.
    if (taker == nullptr && answer.ok() && is_web_page(answer)) fail(call, answer);
    if (!target) return answer;
    url = *target;
  }
}

bool Session::may_repeat(unsigned repetition, const Answer& answer) const {
  return !source_.followed || answer.status == 429 || repetition <= 1;
}

Answer Session::perform(const Call& call) {
  const auto began = std::chrono::steady_clock::now();
  for (unsigned attempt_number = 1;; ++attempt_number) {
    Answer answer = attempt(call);
    answer.attempts = attempt_number;
    answer.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began);
    const http::Outcome outcome = to_outcome(answer);
    // A signed address that has expired says 403; the registry gives a new one (N4.4).
    const bool expired = answer.redirected() && answer.status == 403;
    if (!expired && !http::is_transient(outcome)) return answer;
    const std::string host =
        is_api(answer.url.origin) ? source_.registry : answer.url.origin.authority();
    if (!may_repeat(attempt_number, answer) ||
        !network_.repeater().wait(attempt_number, outcome, host))
      return answer;
  }
}

Answer Session::ping() {
  Answer answer =
      exchange({.doing = "asking for /v2/"}, {.origin = api(), .path = "/v2/"}, {}, nullptr);
  if (const auto challenge = choose(parse_challenges(answer.headers.all("www-authenticate")))) {
    OriginState& state = this->state();
    const std::lock_guard lock(state.mutex);
    state.challenge = challenge;
  }
  return answer;
}

std::optional<Token> Session::token(const Scopes& scopes) {
  OriginState& state = this->state();
  std::optional<Challenge> challenge;
  {
    const std::lock_guard lock(state.mutex);
    challenge = state.challenge;
  }
  if (!challenge || challenge->scheme != "bearer") return std::nullopt;
  const std::optional<Credential> known = credential();
  if (known && !known->registry_token.empty()) return std::nullopt;
  return network_.tokens().fetch(asker(), *challenge, scopes, {});
}

void Session::fail(const Call& call, const Answer& answer) {
  Doing doing{.what = call.doing,
              .registry = source_.registry,
              .repository = source_.repository,
              .image = image_of(source_.repository, call.target),
              .push = call.method != Method::get && call.method != Method::head,
              .scope = call.scopes.str(),
              .trust = network_.client().trust()};
  if (call.anonymous) {
    doing.registry = call.url->origin.authority();
  } else if (const auto known = credential()) {
    doing.credential_source = known->source;
    doing.user = known->user;
    doing.looked_at = known->passed_over;
  } else {
    doing.looked_at = network_.credentials().looked_at(source_.registry);
  }
  throw answer_error(doing, answer);
}

}  // namespace ocibuild::registry
