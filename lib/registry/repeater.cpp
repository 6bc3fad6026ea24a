// SPDX-License-Identifier: Apache-2.0
#include "registry/repeater.hpp"

#include <ctime>
#include <random>

#include "support/text.hpp"

namespace ocibuild::registry {

namespace {

double random_fraction() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return std::uniform_real_distribution<>(0, 1)(random);
}

/// RFC 9110's words for the statuses that are repeated; empty for the others.
const char* phrase(int status) {
  switch (status) {
    case 403:
      return "forbidden";
    case 408:
      return "request timeout";
    case 425:
      return "too early";
    case 429:
      return "too many requests";
    case 500:
      return "internal server error";
    case 502:
      return "bad gateway";
    case 503:
      return "service unavailable";
    case 504:
      return "gateway timeout";
    default:
      return "";
  }
}

}  // namespace

std::string reason_of(const http::Outcome& outcome) {
  if (outcome.failure) return outcome.failure->text;
  if (!outcome.head) return "no answer";
  const int status = outcome.head->status;
  if (status < 300) return "the connection ended too early";
  const std::string words = phrase(status);
  return words.empty() ? support::concat("status ", status) : support::concat(status, ' ', words);
}

bool Repeater::wait(unsigned n, const http::Outcome& outcome, const std::string& host,
                    const Observer& observer, const std::optional<std::stop_token>& stop) const {
  const std::int64_t now = std::time(nullptr);
  const auto wait = http::wait_before(n, policy_, outcome, random_fraction(), now);
  if (!wait) return false;
  const auto told = outcome.head ? http::retry_after(*outcome.head, now) : std::nullopt;
  const Retrying retrying{.host = host,
                          .reason = reason_of(outcome),
                          .attempt = n + 1,
                          .attempts = http::most_attempts(policy_, outcome),
                          .wait = *wait,
                          .told = told && *told >= *wait};
  if (observer) {
    observer(retrying);
  } else if (observer_) {
    observer_(retrying);
  }
  http::sleep_for(*wait, stop ? *stop : stop_);
  return true;
}

void Repeater::tell(const std::string& host, std::string reason, const Observer& observer) const {
  const Retrying retrying{.host = host, .reason = std::move(reason)};
  if (observer) {
    observer(retrying);
  } else if (observer_) {
    observer_(retrying);
  }
}

}  // namespace ocibuild::registry
