// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/check.hpp>
#include <ocibuild/error.hpp>
#include <ocibuild/event.hpp>
#include <ocibuild/transfer.hpp>

#include "ci_log.hpp"
#include "io.hpp"
#include "progress_view.hpp"
#include "settings.hpp"

namespace ocibuild::program {

/// What is said beside the result: progress, warnings, errors. The only place that writes to
/// standard error. How progress looks is a view's business; this gives it the time, also while
/// nothing happens. Thread-safe.
class Console final : public EventSink {
public:
  /// Plain until set_up().
  Console(const OutputStream& stream, Look look);
  ~Console() override;

  void set_up(Look look, ProgressMode mode, bool debug, CiLog ci = {});

  void on_event(const Event& event) override;

  /// Something of the program's own that ended: "write x.tar".
  void step(const std::string& text, std::chrono::nanoseconds took);
  /// One fact that may surprise; not shown without progress.
  void note(const std::string& text);
  /// The last line after an error that comes from now on: what it means for the command.
  void end_errors_with(std::string text);
  /// From here on nothing but errors is shown.
  void be_quiet();
  /// Keeps a line of the request log; nothing without --debug.
  void log_request(const std::string& line);
  /// Prints what log_request() has kept, the last thing of a command.
  void print_request_log();
  /// A line for --debug.
  void debug(const std::string& text);
  /// The closing table, image line and time of a build. `names` are what `result` is called;
  /// `known`: the store had the same image before; `pushed`: what was sent.
  void summary(const BuildResult& result, const std::vector<Reference>& names, bool known,
               const std::optional<PushResult>& pushed = {});
  /// All findings of an error, apart from each other; `see` is a last line, may be empty.
  void error(const Error& error, const std::string& see);
  /// Tells the CI system of a finding, which has been printed elsewhere.
  void annotate(const Diagnostic& diagnostic, Severity severity);
  /// Nothing that changes is on the screen afterwards: something else will be written there.
  void pause();
  /// Ends progress.
  void close();

private:
  using Lock = std::unique_lock<std::mutex>;

  OutputStream guarded_stream();
  void write_annotation(const Diagnostic& diagnostic, Severity severity);
  void count_time(const Event& event, Time now);
  /// Lets the view draw in time although nothing happens. The thread starts when there is need.
  void keep_ticking();
  void tick(const std::stop_token& stop);

  const OutputStream stream_;
  Look look_;
  CommandGuard guard_;
  std::mutex mutex_;  ///< for all of what follows
  CiLog ci_;
  std::unique_ptr<ProgressView> view_;
  bool quiet_ = false;
  bool debug_ = false;
  std::string error_end_;
  Phases phases_;
  Time push_start_{};
  bool all_was_there_ = true;  ///< of what was pushed
  std::deque<std::string> requests_;
  std::size_t requests_dropped_ = 0;
  std::condition_variable_any changed_;
  std::jthread ticker_;  ///< the last member: it uses the others
};

}  // namespace ocibuild::program
