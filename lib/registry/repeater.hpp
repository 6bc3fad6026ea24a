// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include <ocibuild/event.hpp>

#include "http/retry.hpp"

namespace ocibuild::registry {

/// Decides whether a request is made again, says why, and waits (docs/reference/registry.md, 7).
/// Thread-safe.
class Repeater {
public:
  /// Told of every repetition, on the thread that makes it.
  using Observer = std::function<void(const Retrying& retrying)>;

  Repeater(http::RetryPolicy policy, std::stop_token stop)
      : policy_(policy), stop_(std::move(stop)) {}

  /// For requests whose caller does not listen itself. Set it before the first wait().
  void observe(Observer observer) { observer_ = std::move(observer); }

  /// Waits before attempt `n` + 1 of a request that ended with `outcome`. `host`: who was asked.
  /// `stop`: ends the wait instead of the one that was given at first.
  /// False: no further attempt is due. @throws Error(Errc::interrupted)
  bool wait(unsigned n, const http::Outcome& outcome, const std::string& host,
            const Observer& observer = {}, const std::optional<std::stop_token>& stop = {}) const;

  /// Tells that something is tried again at once, outside of the count.
  void tell(const std::string& host, std::string reason, const Observer& observer = {}) const;

private:
  const http::RetryPolicy policy_;
  const std::stop_token stop_;
  Observer observer_;
};

/// What went wrong, in a few words: "503 service unavailable", "connection reset by peer".
std::string reason_of(const http::Outcome& outcome);

}  // namespace ocibuild::registry
