// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <utility>
#include <variant>

#include "diagnostic_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t most_requests = 1000;  // of the log; the last ones count

}  // namespace

Console::Console(const OutputStream& stream, Look look)
    : stream_(stream), look_(look), guard_(*stream.sink), view_(make_plain_view(stream, look)) {}

Console::~Console() {
  ticker_ = {};  // ends it, while all else is there
}

void Console::set_up(Look look, ProgressMode mode, bool debug, CiLog ci) {
  const Lock lock(mutex_);
  look_ = look;
  quiet_ = mode == ProgressMode::quiet;
  debug_ = debug;
  ci_ = std::move(ci);
  // Marks are for logs: neither for a screen nor for a reader of JSON.
  if (mode != ProgressMode::plain && mode != ProgressMode::quiet) ci_.system = CiSystem::none;
  view_ = make_view(mode, guarded_stream(), look);
  if (ci_.system == CiSystem::gitlab && !quiet_)
    view_ = make_gitlab_view(std::move(view_), stream_);
}

OutputStream Console::guarded_stream() {
  OutputStream stream = stream_;
  if (ci_.system == CiSystem::github) stream.sink = &guard_;
  return stream;
}

void Console::write_annotation(const Diagnostic& diagnostic, Severity severity) {
  if (ci_.system == CiSystem::github && diagnostic.where)
    stream_.sink->write(github_annotation(diagnostic, severity, ci_.directory));
}

void Console::annotate(const Diagnostic& diagnostic, Severity severity) {
  const Lock lock(mutex_);
  write_annotation(diagnostic, severity);
}

void Console::end_errors_with(std::string text) {
  const Lock lock(mutex_);
  error_end_ = std::move(text);
}

void Console::be_quiet() {
  const Lock lock(mutex_);
  quiet_ = true;
  view_ = make_quiet_view(guarded_stream());
}

void Console::on_event(const Event& event) {
  const Lock lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  count_time(event, now);
  view_->on_event(event, now);
  if (const auto* warning = std::get_if<Warning>(&event); warning != nullptr && !quiet_)
    write_annotation(warning->diagnostic, Severity::warning);
  if (const auto* read = std::get_if<DockerfileRead>(&event);
      read != nullptr && debug_ && !quiet_) {
    view_->print("debug: " + terminal_text(read->file) + ": " +
                 counted(read->instructions, "instruction") + '\n');
  }
  keep_ticking();
}

void Console::count_time(const Event& event, Time now) {
  if (const auto* checked = std::get_if<PushChecked>(&event)) {
    phases_.check += checked->took;
  } else if (const auto* step = std::get_if<StepDone>(&event)) {
    (step->kind == StepKind::base ? phases_.resolve : phases_.layers) += step->took;
  } else if (const auto* asking = std::get_if<Asking>(&event)) {
    if (asking->purpose == Asking::For::push && push_start_ == Time{}) push_start_ = now;
  } else if (const auto* pushed = std::get_if<Pushed>(&event);
             pushed != nullptr && !pushed->is_cache) {
    phases_.push = now - push_start_;
    all_was_there_ = all_was_there_ && pushed->was_there;
  }
}

void Console::keep_ticking() {
  if (!view_->tick_after()) return;
  if (!ticker_.joinable())
    ticker_ = std::jthread([this](const std::stop_token& stop) { tick(stop); });
  changed_.notify_all();
}

void Console::tick(const std::stop_token& stop) {
  Lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (!changed_.wait(lock, stop, [&] { return view_->tick_after().has_value(); })) return;
    // What happens meanwhile may change when the next tick is due, but never to an earlier time.
    changed_.wait_for(lock, stop, *view_->tick_after(), [] { return false; });
    if (!stop.stop_requested()) view_->tick(std::chrono::steady_clock::now());
  }
}

void Console::step(const std::string& text, std::chrono::nanoseconds took) {
  const Lock lock(mutex_);
  view_->step(text, took);
}

void Console::note(const std::string& text) {
  const Lock lock(mutex_);
  if (!quiet_) view_->print("note: " + text + '\n');
}

void Console::debug(const std::string& text) {
  const Lock lock(mutex_);
  if (debug_) view_->print("debug: " + text + '\n');
}

void Console::log_request(const std::string& line) {
  const Lock lock(mutex_);
  if (!debug_) return;
  if (requests_.size() == most_requests) {
    requests_.pop_front();
    ++requests_dropped_;
  }
  requests_.push_back(line);
}

void Console::print_request_log() {
  const Lock lock(mutex_);
  std::string text;
  if (requests_dropped_ > 0)
    text += "debug: " + counted(requests_dropped_, "earlier request") + '\n';
  for (const std::string& line : requests_) text += "debug: " + terminal_text(line) + '\n';
  requests_.clear();
  if (!text.empty()) view_->print(text);
}

void Console::summary(const BuildResult& result, const std::vector<Reference>& names, bool known,
                      const std::optional<PushResult>& pushed) {
  const Lock lock(mutex_);
  const bool same = known || (pushed && all_was_there_);
  view_->summary({result, names, same, pushed, phases_});
}

void Console::error(const Error& error, const std::string& see) {
  const Lock lock(mutex_);
  if (error.code() == Errc::interrupted) return view_->error(error, "interrupted\n");
  std::string text;
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    if (!text.empty()) text += '\n';
    text += diagnostic_text(diagnostic, Severity::error, look_);
  }
  for (const std::string& last : {see, error_end_}) {
    if (!last.empty()) text += last + '\n';
  }
  view_->error(error, text);
  for (const Diagnostic& diagnostic : error.diagnostics())
    write_annotation(diagnostic, Severity::error);
}

void Console::pause() {
  const Lock lock(mutex_);
  view_->pause();
}

void Console::close() {
  const Lock lock(mutex_);
  view_->close();
}

}  // namespace ocibuild::program
