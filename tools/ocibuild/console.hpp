// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/error.hpp>
#include <ocibuild/event.hpp>

#include "io.hpp"
#include "settings.hpp"

namespace ocibuild::program {

/// What is said beside the result: progress, warnings, errors. The only place that writes to
/// standard error.
class Console final : public EventSink {
public:
  Console(const OutputStream& stream, Look look) : stream_(stream), look_(look) {}

  /// Without `progress` nothing but errors is shown.
  void set_up(Look look, bool progress, bool debug);

  void on_event(const Event& event) override;

  /// One more progress line: "#7 " + `text`.
  void step(const std::string& text);
  /// One fact that may surprise; not shown without progress.
  void note(const std::string& text);
  /// The last line after an error that comes now: what it means for the command.
  void end_errors_with(std::string text) { error_end_ = std::move(text); }
  /// From here on nothing but errors is shown.
  void be_quiet() { progress_ = false; }
  /// Keeps a line of the request log; nothing without --debug. Thread-safe, unlike all else here.
  void log_request(const std::string& line);
  /// Prints what log_request() has kept, the last thing of a command.
  void print_request_log();
  /// A line for --debug.
  void debug(const std::string& text);
  /// The closing table, image line and time of a build. `names` are what `result` is called;
  /// `known`: the store had the same image before.
  void summary(const BuildResult& result, const std::vector<Reference>& names, bool known);
  /// All findings of an error, apart from each other; `see` is a last line, may be empty.
  void error(const Error& error, const std::string& see);
  /// Printed as it is.
  void text(const std::string& text) { stream_.sink->write(text); }

private:
  void context_read(const ContextRead& event);
  void step_done(const StepDone& event);
  void blob_moved(const BlobMoved& event);
  /// Prints the steps that wait in config_steps_, as one line.
  void flush_config_steps();
  void warning(const Diagnostic& diagnostic);

  /// Steps of one stage that only change the config: they cost nothing and share a line.
  struct ConfigSteps {
    std::string place{};  ///< platform and stage
    std::string keywords{};
    std::chrono::nanoseconds took{};
  };

  OutputStream stream_;
  Look look_;
  bool progress_ = true;
  bool debug_ = false;
  /// When the Dockerfile was read: the context's files are looked at from then on.
  std::chrono::steady_clock::time_point context_start_ = std::chrono::steady_clock::now();
  ConfigSteps config_steps_;
  std::mutex requests_mutex_;
  std::deque<std::string> requests_;
  std::size_t requests_dropped_ = 0;
  unsigned lines_ = 0;
  std::size_t warnings_ = 0;
  std::string error_end_;
};

}  // namespace ocibuild::program
