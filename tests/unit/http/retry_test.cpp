// SPDX-License-Identifier: Apache-2.0
#include "http/retry.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"

namespace ocibuild::http {

namespace {

using namespace std::chrono_literals;
using Kind = Failure::Kind;

constexpr std::int64_t now = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT

Outcome status(int number, std::string after = {}) {
  Outcome outcome{.head = ResponseHead{number}};
  if (!after.empty()) outcome.head->headers.add("retry-after", std::move(after));
  return outcome;
}

Outcome failed(Kind kind) {
  return {.failure = Failure{.kind = kind}};
}

auto wait(unsigned n, const Outcome& outcome, double random = 0, RetryPolicy policy = {}) {
  return wait_before(n, policy, outcome, random, now);
}

}  // namespace

TEST_CASE("registry.md Y2: which statuses are repeated", "[http]") {
  for (const int number : {408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524}) {
    INFO(number);
    CHECK(is_transient(status(number)));
  }
  for (const int number : {200, 201, 206, 301, 307, 400, 401, 403, 404, 405,
                           409, 411, 413, 415, 416, 417, 451, 501, 505, 525}) {
    INFO(number);
    CHECK_FALSE(is_transient(status(number)));
  }
}

TEST_CASE("registry.md Y3: which failures are repeated", "[http]") {
  for (const Kind kind : {Kind::dns, Kind::connect, Kind::connect_timeout, Kind::proxy_connect,
                          Kind::stalled, Kind::reset, Kind::http2}) {
    INFO(static_cast<int>(kind));
    CHECK(is_transient(failed(kind)));
  }
  for (const Kind kind : {Kind::tls_untrusted, Kind::tls_name, Kind::tls_time,
                          Kind::certificate_file, Kind::proxy_dns, Kind::proxy_auth,
                          Kind::header_too_large, Kind::body_too_large, Kind::other}) {
    INFO(static_cast<int>(kind));
    CHECK_FALSE(is_transient(failed(kind)));
  }
  Outcome handshake = failed(Kind::tls_handshake);
  CHECK_FALSE(is_transient(handshake));
  handshake.failure->handshake_cut = true;
  CHECK(is_transient(handshake));
  for (const auto& [connect_status, transient] :
       {std::pair{403, false}, {500, false}, {502, true}, {503, true}, {504, true}}) {
    Outcome refused = failed(Kind::proxy_refused);
    refused.failure->connect_status = connect_status;
    CHECK(is_transient(refused) == transient);
  }
  Outcome cut = status(200);
  cut.failure = Failure{.kind = Kind::reset};
  CHECK(is_transient(cut));
}

TEST_CASE("registry.md Y1: the wait doubles to a minute, half of it by chance", "[http]") {
  CHECK(wait(1, status(500)) == 500ms);
  CHECK(wait(1, status(500), 0.5) == 750ms);
  CHECK(wait(2, status(500)) == 1s);
  CHECK(wait(5, status(500)) == 8s);
  CHECK_FALSE(wait(6, status(500)));
  CHECK(wait(7, status(500), 0, {.repetitions = 40}) == 30s);
  CHECK(wait(40, status(500), 0, {.repetitions = 40}) == 30s);
  CHECK_FALSE(wait(1, status(500), 0, {.repetitions = 0}));
  CHECK(wait(1, failed(Kind::reset), 0, {.delay = 10ms}) == 5ms);
}

TEST_CASE("registry.md Y3: a name that is unknown is asked for once more", "[http]") {
  CHECK(wait(1, failed(Kind::dns)));
  CHECK_FALSE(wait(2, failed(Kind::dns)));
  CHECK(http::most_attempts({.repetitions = 5}, failed(Kind::dns)) == 2);
  CHECK(http::most_attempts({.repetitions = 0}, failed(Kind::dns)) == 1);
  CHECK(http::most_attempts({.repetitions = 5}, failed(Kind::reset)) == 6);
}

TEST_CASE("registry.md Y1: Retry-After is the least wait, and over five minutes the end",
          "[http]") {
  CHECK(wait(1, status(429, "7")) == 7s);
  CHECK(wait(1, status(503, " 7 ")) == 7s);
  CHECK(wait(5, status(429, "7")) == 8s);
  CHECK(wait(1, status(429, "300")) == 300s);
  CHECK_FALSE(wait(1, status(429, "301")));
  CHECK_FALSE(wait(1, status(429, "99999999999999999999")));
  CHECK(wait(1, status(429, "Sun, 06 Nov 1994 08:49:47 GMT")) == 10s);
  CHECK(wait(1, status(429, "Sunday, 06-Nov-94 08:49:47 GMT")) == 10s);
  CHECK(wait(1, status(429, "Sun Nov  6 08:49:47 1994")) == 10s);
  CHECK_FALSE(wait(1, status(429, "Mon, 07 Nov 1994 08:49:47 GMT")));
  for (const char* ignored :
       {"0", "-5", "soon", "1.5", "Sun, 06 Nov 1994 08:49:30 GMT", "Sun, 31 Feb 1999 08:49:30 GMT",
        "Sun, 06 Nov 1999 08:49 GMT", "a b c d e"}) {
    INFO(ignored);
    CHECK_FALSE(retry_after(*status(429, ignored).head, now));
    CHECK(wait(1, status(429, ignored)) == 500ms);
  }
}

TEST_CASE("registry.md Y1: a wait ends at once when the build is stopped", "[http]") {
  std::stop_source stop;
  stop.request_stop();
  const auto began = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(sleep_for(10s, stop.get_token()), Error);
  CHECK(std::chrono::steady_clock::now() - began < 1s);
  CHECK_NOTHROW(sleep_for(1ms, {}));
}

}  // namespace ocibuild::http
