// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>

#include <ocibuild/error.hpp>

#include "http/event_loop.hpp"
#include "http/exchange.hpp"
#include "http/failure.hpp"
#include "http/proxy.hpp"
#include "http/trust.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

using support::concat;

namespace {

/// Passes an answer to plain HTTP on where TLS was tried first, except the 400 of a TLS port that
/// complains: that is no registry without TLS.
class PlainTrial final : public ResponseTaker {
public:
  explicit PlainTrial(ResponseTaker& taker) : taker_(taker) {}
  bool head(const ResponseHead& head) override {
    if (head.status != 400) return taker_.head(head);
    complaint_ = head;
    return true;
  }
  void body(support::Bytes bytes) override {
    if (!complaint_) return taker_.body(bytes);
    text_.append(support::as_text(bytes), 0, most_of_a_complaint - text_.size());
  }
  /// After the exchange. A 400 of another kind is passed on here.
  bool wants_tls() {
    if (!complaint_) return false;
    const std::string words = support::to_lower(text_);
    for (const char* known : {"http request to an https server",            // Go
                              "plain http request was sent to https port",  // nginx
                              "plain http to an ssl-enabled"}) {            // Apache
      if (words.find(known) != std::string::npos) return true;
    }
    if (taker_.head(*complaint_)) taker_.body(support::as_bytes(text_));
    return false;
  }

private:
  static constexpr std::size_t most_of_a_complaint = 4096;
  ResponseTaker& taker_;
  std::optional<ResponseHead> complaint_;
  std::string text_;
};

class TextTaker final : public ResponseTaker {
public:
  explicit TextTaker(std::size_t limit) : limit_(limit) {}
  bool head(const ResponseHead& head) override {
    answer = head;
    return true;
  }
  void body(support::Bytes bytes) override {
    if (bytes.size() > limit_ - text.size()) throw TooLarge();
    text += support::as_text(bytes);
  }
  struct TooLarge {};
  std::string text{};
  ResponseHead answer{};

private:
  std::size_t limit_;
};

std::string host_and_port(const std::optional<Proxy>& proxy) {
  return proxy ? proxy->url.substr(proxy->url.find("://") + 3) : std::string();
}

}  // namespace

struct Client::Impl {
  explicit Impl(const NetworkSettings& given) : settings(given), trust(given.trust) {
    if (!settings.offline) loop.emplace();
  }

  const NetworkSettings& settings;
  http::Trust trust;
  std::function<void(const RequestLog&)> observer{};

  std::mutex mutex;
  std::map<Origin, bool> speaks_tls;                // insecure origins: what was found out (S2)
  std::map<std::string, unsigned long> proxy_auth;  // by proxy: the scheme that worked last (C4.5)

  std::optional<EventLoop> loop;  // last: its thread ends first

  bool is_insecure(const Request& request) const {
    const Origin& origin = request.url.origin;
    if (request.insecure || !settings.tls_verify || is_loopback(origin.host)) return true;
    return std::any_of(settings.insecure_registries.begin(), settings.insecure_registries.end(),
                       [&](const std::string& name) {
                         return support::equal_ignoring_case(name, origin.authority()) ||
                                support::equal_ignoring_case(name,
                                                             concat(origin.host, ':', origin.port));
                       });
  }

  std::optional<bool> known_to_speak_tls(const Origin& origin) {
    const std::lock_guard lock(mutex);
    const auto found = speaks_tls.find(origin);
    return found == speaks_tls.end() ? std::nullopt : std::optional(found->second);
  }

  void remember_tls(const Origin& origin, bool tls) {
    const std::lock_guard lock(mutex);
    speaks_tls.insert_or_assign(origin, tls);
  }

  unsigned long first_proxy_auth(const Proxy& proxy) {
    const std::lock_guard lock(mutex);
    const auto found = proxy_auth.find(proxy.url);
    if (found != proxy_auth.end()) return found->second;
    return proxy.user.empty() ? CURLAUTH_NONE : CURLAUTH_BASIC;
  }

  void remember_proxy_auth(const Proxy& proxy, unsigned long scheme) {
    const std::lock_guard lock(mutex);
    proxy_auth.insert_or_assign(proxy.url, scheme);
  }

  Outcome send_insecure(const Request& request, ResponseTaker& taker, const std::stop_token& stop);
  Outcome send_to(const Request& request, Route route, ResponseTaker& taker,
                  const std::stop_token& stop);
  Outcome send_once(const Request& request, Route route, ResponseTaker& taker,
                    const std::stop_token& stop, unsigned long& offered_auth);
  void log(const Request& request, const Outcome& outcome,
           std::chrono::steady_clock::time_point began) const;
};

/// TLS without verification, else plain HTTP on the same port; asked once an origin.
Outcome Client::Impl::send_insecure(const Request& request, ResponseTaker& taker,
                                    const std::stop_token& stop) {
  const Origin& origin = request.url.origin;
  Url plain = request.url;
  plain.origin.scheme = "http";
  const std::optional<bool> known = known_to_speak_tls(origin);
  if (known == false) return send_to(request, {.url = plain}, taker, stop);
  Outcome outcome = send_to(request, {.url = request.url, .verify = false}, taker, stop);
  const bool no_tls = outcome.failure && outcome.failure->kind == Failure::Kind::tls_handshake;
  if (!no_tls) {
    if (outcome.head) remember_tls(origin, true);
    return outcome;
  }
  if (known == true) return outcome;
  PlainTrial trial(taker);
  Outcome second = send_to(request, {.url = plain}, trial, stop);
  if (trial.wants_tls()) {
    outcome.failure->wants_tls = true;
    return outcome;
  }
  if (!second.head) {
    // What answered the handshake with no TLS was a plain server; that it then broke off, or never
    // answered, may be better the next time.
    const bool broke = second.failure && (second.failure->kind == Failure::Kind::reset ||
                                          second.failure->kind == Failure::Kind::stalled);
    return broke && !outcome.failure->handshake_cut ? second : outcome;
  }
  remember_tls(origin, false);
  return second;
}

/// Through the proxy that applies, in the way of authentication that it takes: Basic first where
/// there is a password, then what it offers, strongest first (C4.5).
Outcome Client::Impl::send_to(const Request& request, Route route, ResponseTaker& taker,
                              const std::stop_token& stop) {
  if (!request.direct) route.proxy = proxy_for(route.url, settings.proxies);
  if (route.proxy) route.proxy_auth = first_proxy_auth(*route.proxy);
  unsigned long tried = CURLAUTH_NONE;
  while (true) {
    unsigned long offered = CURLAUTH_NONE;
    Outcome outcome = send_once(request, route, taker, stop, offered);
    const bool refused = outcome.failure && outcome.failure->kind == Failure::Kind::proxy_auth;
    if (!refused) {
      if (route.proxy && tried != CURLAUTH_NONE) {
        remember_proxy_auth(*route.proxy, route.proxy_auth);
      }
      return outcome;
    }
    tried |= route.proxy_auth;
    const curl_version_info_data& curl = *CurlApi::instance().version_info(CURLVERSION_NOW);
    const bool named = !route.proxy->user.empty();
    const std::array<std::pair<unsigned long, bool>, 3> schemes{
        {{CURLAUTH_NEGOTIATE, (curl.features & CURL_VERSION_GSSNEGOTIATE) != 0},
         {CURLAUTH_NTLM, named && (curl.features & CURL_VERSION_NTLM) != 0},
         {CURLAUTH_BASIC, named}}};
    const auto next = std::find_if(schemes.begin(), schemes.end(), [&](const auto& scheme) {
      return scheme.second && (offered & scheme.first & ~tried) != 0;
    });
    if (next == schemes.end()) return outcome;
    route.proxy_auth = next->first;
  }
}

Outcome Client::Impl::send_once(const Request& request, Route route, ResponseTaker& taker,
                                const std::stop_token& stop, unsigned long& offered_auth) {
  while (true) {
    const auto began = std::chrono::steady_clock::now();
    const auto exchange = std::make_shared<Exchange>(request, route, settings, trust);
    Outcome outcome = exchange->run(*loop, taker, stop);
    offered_auth = exchange->offered_proxy_auth();
    outcome.url = route.url;
    outcome.via_proxy = host_and_port(route.proxy);
    if (route.proxy) outcome.proxy_setting = route.proxy->setting;
    log(request, outcome, began);
    // 417 that came after the body had begun: libcurl cannot go back, we can (T10).
    const bool expectation_failed =
        exchange->last_status() == 417 && outcome.failure && route.expect_continue;
    if (!expectation_failed) return outcome;
    route.expect_continue = false;
  }
}

void Client::Impl::log(const Request& request, const Outcome& outcome,
                       std::chrono::steady_clock::time_point began) const {
  if (!observer) return;
  const auto time = std::chrono::steady_clock::now() - began;
  observer({.method = request.method,
            .url = outcome.url.redacted(),
            .status = outcome.head ? outcome.head->status : 0,
            .failure = outcome.failure ? outcome.failure->text : std::string(),
            .time = std::chrono::duration_cast<std::chrono::milliseconds>(time),
            .proxy = outcome.via_proxy});
}

Client::Client(const NetworkSettings& settings) : impl_(std::make_unique<Impl>(settings)) {}
Client::~Client() = default;

void Client::observe(std::function<void(const RequestLog&)> observer) {
  impl_->observer = std::move(observer);
}

Outcome Client::send(const Request& request, ResponseTaker& taker, std::stop_token stop) {
  if (!impl_->loop) {
    throw Error(Errc::internal, "offline-request",
                concat("a request to ", request.url.redacted(), " although the network is off"));
  }
  if (request.url.origin.scheme == "https" && impl_->is_insecure(request)) {
    return impl_->send_insecure(request, taker, stop);
  }
  return impl_->send_to(request, {.url = request.url}, taker, stop);
}

Client::TextAnswer Client::send(const Request& request, std::size_t limit, std::stop_token stop) {
  TextTaker taker(limit);
  try {
    Outcome outcome = send(request, taker, std::move(stop));
    return {std::move(outcome), std::move(taker.text)};
  } catch (const TextTaker::TooLarge&) {
    return {{.head = taker.answer,
             .failure = Failure{.kind = Failure::Kind::body_too_large,
                                .text = concat("more than ", limit, " bytes"),
                                .received = limit},
             .url = request.url},
            std::move(taker.text)};
  }
}

Client::Trust Client::trust() const {
  const auto summary = impl_->trust.summary();
  return {summary.authorities, summary.file};
}

}  // namespace ocibuild::http
