// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include <utility>
#include <variant>

#include "diagnostic_text.hpp"
#include "progress_text.hpp"
#include "summary.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t most_requests = 1000;  // of the log; the last ones count

}  // namespace

void Console::set_up(Look look, bool progress, bool debug) {
  look_ = look;
  progress_ = progress;
  debug_ = debug;
}

void Console::on_event(const Event& event) {
  if (!progress_) return;
  if (const auto* read = std::get_if<DockerfileRead>(&event)) {
    context_start_ = std::chrono::steady_clock::now();
    debug(terminal_text(read->file) + ": " + counted(read->instructions, "instruction"));
  } else if (const auto* context = std::get_if<ContextRead>(&event)) {
    context_read(*context);
  } else if (const auto* done = std::get_if<StepDone>(&event)) {
    step_done(*done);
  } else if (const auto* found = std::get_if<Warning>(&event)) {
    warning(found->diagnostic);
  }
  if (const auto* retrying = std::get_if<Retrying>(&event)) {
    stream_.sink->write(std::string(symbols(look_).warning) + ' ' + terminal_text(retrying->host) +
                        ": " + retry_text(*retrying, retrying->wait) + '\n');
  }
  if (const auto* moved = std::get_if<BlobMoved>(&event)) blob_moved(*moved);
  if (const auto* pulled = std::get_if<Pulled>(&event)) {
    const std::string via = pulled->via.empty() ? "" : " via " + terminal_text(pulled->via);
    step(terminal_text(pulled->name) + '@' + pulled->digest + via +
         (pulled->was_there ? " already there" : " DONE"));
  }
  if (const auto* pushed = std::get_if<Pushed>(&event)) {
    step(terminal_text(pushed->name) + '@' + pushed->digest +
         (pushed->was_there ? " already there" : " DONE"));
  }
  if (const auto* checked = std::get_if<PushChecked>(&event))
    step("push check " + push_check_text(*checked) + " DONE " + plain_seconds(checked->took));
  // ImageDone: summary() knows more of the image, and is called next.
}

void Console::step(const std::string& text) {
  flush_config_steps();
  if (progress_) stream_.sink->write('#' + std::to_string(++lines_) + ' ' + text + '\n');
}

void Console::note(const std::string& text) {
  if (progress_) stream_.sink->write("note: " + text + '\n');
}

void Console::debug(const std::string& text) {
  if (debug_) stream_.sink->write("debug: " + text + '\n');
}

void Console::log_request(const std::string& line) {
  if (!debug_) return;
  const std::lock_guard lock(requests_mutex_);
  if (requests_.size() == most_requests) {
    requests_.pop_front();
    ++requests_dropped_;
  }
  requests_.push_back(line);
}

void Console::print_request_log() {
  const std::lock_guard lock(requests_mutex_);
  if (requests_dropped_ > 0) debug(counted(requests_dropped_, "earlier request"));
  for (const std::string& line : requests_) debug(terminal_text(line));
  requests_.clear();
}

void Console::context_read(const ContextRead& event) {
  std::string text = "context " + terminal_text(event.directory) + ' ' +
                     counted(event.files, "file") + ' ' + human_size(event.bytes);
  if (event.ignored > 0) text += " (" + std::to_string(event.ignored) + " ignored)";
  step(text + " DONE " + plain_seconds(std::chrono::steady_clock::now() - context_start_));
}

/// Lines for the start, the end, and what goes wrong between them.
void Console::blob_moved(const BlobMoved& event) {
  const std::string what = std::string(event.upload ? "push " : "pull ") +
                           event.digest.substr(0, 19) + ' ' + human_size(event.total, "");
  switch (event.state) {
    case BlobMoved::State::moving:
      break;
    case BlobMoved::State::done:
      step(what + " DONE");
      break;
    case BlobMoved::State::was_there:
      step(what + " already there");
      break;
    case BlobMoved::State::mounted:
      step(what + " mounted");
      break;
  }
}

void Console::flush_config_steps() {
  const ConfigSteps steps = std::exchange(config_steps_, {});
  if (steps.keywords.empty()) return;
  const std::string place = steps.place.empty() ? "" : '[' + steps.place + "] ";
  step(place + steps.keywords + " DONE " + plain_seconds(steps.took));
}

void Console::step_done(const StepDone& event) {
  if (event.kind == StepKind::config) {
    if (place_of(event.platform, event.stage) != config_steps_.place) flush_config_steps();
    config_steps_.place = place_of(event.platform, event.stage);
    config_steps_.took += event.took;
    const std::string keyword = event.instruction.substr(0, event.instruction.find_first_of(" \t"));
    config_steps_.keywords += (config_steps_.keywords.empty() ? "" : ", ") + terminal_text(keyword);
    return;
  }
  std::string text = step_title(place_of(event.platform, event.stage), event.number, event.total,
                                event.instruction);
  if (event.kind == StepKind::layer) {
    text += ' ' + human_size(event.unpacked, "") + " -> " + human_size(event.size, "");
  }
  step(text + (event.cached ? " CACHED" : " DONE " + plain_seconds(event.took)));
}

void Console::warning(const Diagnostic& diagnostic) {
  flush_config_steps();
  ++warnings_;
  stream_.sink->write(diagnostic_text(diagnostic, Severity::warning, look_));
}

void Console::summary(const BuildResult& result, const std::vector<Reference>& names, bool known) {
  if (!progress_) return;
  const std::string tail = '@' + result.manifest.digest.str() + ' ' +
                           human_size(layer_bytes(result), "") + " DONE " +
                           plain_seconds(result.took);
  for (const Reference& name : names) step(name.str() + tail);
  if (names.empty()) step("image" + tail);
  std::string text;
  for (const PlatformResult& image : result.platforms) {
    if (result.changed) text += '\n' + layer_table(image, names);
  }
  text += image_lines(result, look_);
  if (warnings_ > 0) text += counted(warnings_, "warning") + '\n';
  stream_.sink->write(text + closing_line(result, known) + '\n');
}

void Console::error(const Error& error, const std::string& see) {
  if (error.code() == Errc::interrupted) {
    stream_.sink->write("interrupted\n");
    return;
  }
  flush_config_steps();
  std::string text;
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    if (!text.empty()) text += '\n';
    text += diagnostic_text(diagnostic, Severity::error, look_);
  }
  if (!see.empty()) text += see + '\n';
  if (!error_end_.empty()) text += error_end_ + '\n';
  stream_.sink->write(text);
}

}  // namespace ocibuild::program
