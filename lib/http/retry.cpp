// SPDX-License-Identifier: Apache-2.0
#include "http/retry.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>

#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

namespace {

constexpr std::chrono::seconds longest_wait{300};
constexpr std::chrono::milliseconds longest_delay{60'000};

bool is_transient_status(int status) {
  constexpr std::array statuses{408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524};
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

bool is_transient_failure(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::dns:
    case Failure::Kind::connect:
    case Failure::Kind::connect_timeout:
    case Failure::Kind::proxy_connect:
    case Failure::Kind::stalled:
    case Failure::Kind::reset:
    case Failure::Kind::http2:
      return true;
    case Failure::Kind::tls_handshake:
      return failure.handshake_cut;
    case Failure::Kind::proxy_refused:
      return failure.connect_status >= 502 && failure.connect_status <= 504;
    default:
      return false;
  }
}

unsigned month_of(std::string_view name) {
  constexpr std::array<std::string_view, 12> months{"jan", "feb", "mar", "apr", "may", "jun",
                                                    "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto found = std::find(months.begin(), months.end(), support::to_lower(name));
  return found == months.end() ? 0 : static_cast<unsigned>(found - months.begin()) + 1;
}

/// "08:49:37" as seconds of the day.
std::optional<std::int64_t> parse_time(std::string_view text) {
  const auto parts = support::split(text, ':');
  std::uint64_t hour = 0;
  std::uint64_t minute = 0;
  std::uint64_t second = 0;
  if (parts.size() != 3 || !support::parse_number(parts[0], 23, hour) ||
      !support::parse_number(parts[1], 59, minute) ||
      !support::parse_number(parts[2], 60, second)) {
    return {};
  }
  return static_cast<std::int64_t>(hour * 3600 + minute * 60 + second);
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text) {
  std::string words(text);
  std::replace(words.begin(), words.end(), '-', ' ');
  auto parts = support::split(words, ' ');
  std::erase(parts, std::string());
  if (parts.size() < 5) return {};
  const bool comma = parts[0].ends_with(',');
  const std::string& day_text = comma ? parts[1] : parts[2];
  const std::string& month_text = comma ? parts[2] : parts[1];
  const std::string& year_text = comma ? parts[3] : parts[4];
  const auto time = parse_time(comma ? parts[4] : parts[3]);
  std::uint64_t day = 0;
  std::uint64_t year = 0;
  const unsigned month = month_of(month_text);
  if (!time || month == 0 || !support::parse_number(day_text, 31, day) ||
      !support::parse_number(year_text, 9999, year)) {
    return {};
  }
  if (year < 100) year += year < 70 ? 2000 : 1900;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return {};
  return std::int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400 + *time;
}

bool is_transient(const Outcome& outcome) {
  if (outcome.failure) return is_transient_failure(*outcome.failure);
  return outcome.head && is_transient_status(outcome.head->status);
}

std::optional<std::chrono::seconds> retry_after(const ResponseHead& head, std::int64_t now) {
  const auto value = head.headers.find("Retry-After");
  if (!value) return {};
  const std::string_view text = support::trim(*value);
  std::uint64_t seconds = 0;
  // A million seconds and a million years are the same to us: too long.
  if (support::parse_number(text, 1'000'000, seconds)) {
    if (seconds == 0) return {};
    return std::chrono::seconds(seconds);
  }
  if (!text.empty() && std::all_of(text.begin(), text.end(), support::is_digit)) {
    return std::chrono::seconds(1'000'000);
  }
  const auto date = parse_date(text);
  if (!date || *date <= now) return {};
  return std::chrono::seconds(*date - now);
}

unsigned most_attempts(const RetryPolicy& policy, const Outcome& outcome) {
  const bool dns = outcome.failure && outcome.failure->kind == Failure::Kind::dns;
  return 1 + (dns ? std::min(policy.repetitions, 1U) : policy.repetitions);
}

std::optional<std::chrono::milliseconds> wait_before(unsigned n, const RetryPolicy& policy,
                                                     const Outcome& outcome, double random,
                                                     std::int64_t now) {
  if (n >= most_attempts(policy, outcome)) return {};
  auto delay = policy.delay;
  for (unsigned i = 1; i < n && delay < longest_delay; ++i) delay *= 2;
  delay = std::min(delay, longest_delay);
  const auto part = static_cast<double>(delay.count()) * (0.5 + random / 2);
  auto wait = std::chrono::milliseconds(static_cast<std::int64_t>(part));
  if (const auto least = outcome.head ? retry_after(*outcome.head, now) : std::nullopt) {
    if (*least > longest_wait) return {};
    wait = std::max<std::chrono::milliseconds>(wait, *least);
  }
  return wait;
}

void sleep_for(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, time, [] { return false; });
  support::throw_if_stopped(stop);
}

}  // namespace ocibuild::http
