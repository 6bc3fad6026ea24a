// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>

#include "http/request.hpp"

namespace ocibuild::http {

/// How often and after which wait a request is repeated (docs/reference/registry.md, 7).
struct RetryPolicy {
  unsigned repetitions = 5;  ///< so one more attempt than that
  std::chrono::milliseconds delay{
      1000};  ///< before the first repetition; doubled with jitter to 60 s
};

/// True for statuses and failures that a later attempt may cure (Y2, Y3).
bool is_transient(const Outcome& outcome);

/// Attempts there are at most when the first ends so.
unsigned most_attempts(const RetryPolicy& policy, const Outcome& outcome);

/// The wait before repetition `n` (from 1): uniform in [1/2, 1] of the doubled delay, but at least
/// the answer's Retry-After. Nothing: that is over 300 s, or repetitions are used up.
/// `random`: in [0, 1). `now`: to read an HTTP date, seconds since 1970.
std::optional<std::chrono::milliseconds> wait_before(unsigned n, const RetryPolicy& policy,
                                                     const Outcome& outcome, double random,
                                                     std::int64_t now);

/// Seconds since 1970 of an HTTP date, in any of the three forms of RFC 9110, 5.6.7; nothing for
/// another text.
std::optional<std::int64_t> parse_date(std::string_view text);

/// Seconds of a Retry-After header (number or date); nothing if absent, past or unreadable.
std::optional<std::chrono::seconds> retry_after(const ResponseHead& head, std::int64_t now);

/// A date in any of the three forms of RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday,
/// 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994". Seconds since 1970.
std::optional<std::int64_t> parse_date(std::string_view text);

/// Sleeps; returns early, and throws Error(Errc::interrupted), once `stop` is asked for.
void sleep_for(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace ocibuild::http
