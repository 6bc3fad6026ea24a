// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/event.hpp>

#include "io.hpp"
#include "settings.hpp"
#include "summary.hpp"

namespace ocibuild::program {

using Time = std::chrono::steady_clock::time_point;

/// One kind of progress. Time comes in from outside, so that a test can be the clock. Not
/// thread-safe: the console calls it under a lock.
class ProgressView {
public:
  virtual ~ProgressView() = default;

  virtual void on_event(const Event& event, Time now) = 0;
  /// Something of the program's own that ended: "write x.tar".
  virtual void step(const std::string& text, std::chrono::nanoseconds took) = 0;
  /// Whole lines that are no progress: notes, --debug.
  virtual void print(std::string_view lines) = 0;
  virtual void summary(const BuildSummary& summary) = 0;
  /// `text`: as print() would show it.
  virtual void error(const Error& error, std::string_view text) = 0;
  /// Called again and again while tick_after() gives a time.
  virtual void tick(Time) {}
  /// How long from now until something is to be shown although nothing happens; nothing: never.
  virtual std::optional<std::chrono::milliseconds> tick_after() const { return std::nullopt; }
  /// Before the program writes elsewhere on the screen, and at its end.
  virtual void pause() {}
  virtual void close() {}
};

/// Lines in BuildKit's shape, for logs (docs/reference/cli.md, 9.3).
std::unique_ptr<ProgressView> make_plain_view(const OutputStream& stream, Look look);
/// A screen that changes (9.4).
std::unique_ptr<ProgressView> make_terminal_view(const OutputStream& stream, Look look);
/// BuildKit's SolveStatus as JSON, a line each, and the result or error as the last one (8.3).
std::unique_ptr<ProgressView> make_json_view(const OutputStream& stream);
/// Nothing but errors.
std::unique_ptr<ProgressView> make_quiet_view(const OutputStream& stream);

/// `inner`, with marks on `stream` by which GitLab folds its lines (9.8).
std::unique_ptr<ProgressView> make_gitlab_view(std::unique_ptr<ProgressView> inner,
                                               const OutputStream& stream);

std::unique_ptr<ProgressView> make_view(ProgressMode mode, const OutputStream& stream, Look look);

}  // namespace ocibuild::program
