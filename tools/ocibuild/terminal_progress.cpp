// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <utility>

#include "activity.hpp"
#include "diagnostic_text.hpp"
#include "live_lines.hpp"
#include "live_terminal.hpp"
#include "progress_text.hpp"
#include "progress_view.hpp"
#include "rebuild_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::chrono::milliseconds between_frames{100};
constexpr std::size_t most_causes = 5;  // of a layer that was made
constexpr const char* green = "32";
constexpr const char* yellow = "33";
constexpr const char* red = "31";

/// What takes too little time to be worth a number has none.
std::string time_text(std::chrono::nanoseconds took) {
  return took < std::chrono::milliseconds(50) ? "" : plain_seconds(took);
}

/// What is done scrolls up and stays; what is under way is at the bottom.
class TerminalView final : public ProgressView {
public:
  TerminalView(const OutputStream& stream, Look look) : terminal_(stream), look_(look) {}
  ~TerminalView() override { close(); }

  void on_event(const Event& event, Time now) override {
    now_ = now;
    activity_.on_event(event, now);
    std::visit([this](const auto& what) { take(what); }, event);
    for (const TransferGroup& group : activity_.take_finished()) finished(group);
    // A wait for others is named before it; what else is under way is drawn by the next tick.
    if (!pending_.empty() || std::holds_alternative<Asking>(event)) draw();
  }

  void step(const std::string& text, std::chrono::nanoseconds took) override {
    done({.title = text, .end = time_text(took)});
    draw();
  }

  void print(std::string_view lines) override {
    flush_config_steps();
    pending_ += lines;
    draw();
  }

  void summary(const BuildSummary& summary) override {
    close();
    print(summary_text(summary, warnings_, look_, terminal_.size().width));
  }

  void error(const Error& error, std::string_view text) override {
    flush_config_steps();
    const std::string what = activity_.interrupted();
    if (!what.empty() && error.code() != Errc::interrupted)
      row({.symbol = symbols(look_).failed, .colour = red, .title = what});
    activity_.clear();
    print(text);
  }

  void tick(Time now) override {
    now_ = now;
    draw();
  }

  std::optional<std::chrono::milliseconds> tick_after() const override {
    if (activity_.idle() && !drawn_lines_) return std::nullopt;
    return between_frames;
  }

  void pause() override {
    terminal_.wait_until_steady();
    terminal_.show(std::exchange(pending_, {}), {});
  }

  void close() override {
    flush_config_steps();
    activity_.clear();
    terminal_.wait_until_steady();
    draw_now();
  }

private:
  void take(const DockerfileRead& event) { dockerfile_ = event; }

  void take(const ContextRead& event) {
    pending_ +=
        cut(terminal_text(dockerfile_.file) + ": " +
            counted(dockerfile_.instructions, "instruction") + ", context " + context_text(event)) +
        '\n';
  }

  void take(const StepStarted&) {}

  void take(const StepDone& event) {
    const std::string place = place_of(event.platform, event.stage);
    const std::string before = place.empty() ? "" : '[' + place + "] ";
    switch (event.kind) {
      case StepKind::config:
        if (before != config_place_) flush_config_steps();
        config_place_ = before;
        config_keywords_ += (config_keywords_.empty() ? "" : ", ") + keyword_of(event.instruction);
        break;
      case StepKind::base:
        done({.title = before + "FROM " + familiar(event.base.name),
              .note = base_note(event),
              .end = time_text(event.took)});
        break;
      case StepKind::layer:
        done({.title = before + terminal_text(event.instruction),
              .from = human_size(event.unpacked),
              .to = human_size(event.size),
              .end = event.cached ? "cached" : time_text(event.took)});
        for (const std::string& cause : cause_lines(event.causes, most_causes))
          pending_ += cut("    because " + cause) + '\n';
    }
  }

  void take(const Warning& event) {
    ++warnings_;
    flush_config_steps();
    pending_ += diagnostic_text(event.diagnostic, Severity::warning, look_);
  }

  void take(const ImageDone&) {}  // summary() and Pulled say more

  void take(const Asking& event) {
    flush_config_steps();
    if (event.purpose != Asking::For::push_check) since_.try_emplace(event.name, now_);
  }

  /// One that belongs to a bar is shown there.
  void take(const Retrying& event) {
    if (!event.digest.empty()) return;
    row({.symbol = symbols(look_).warning,
         .colour = yellow,
         .title = terminal_text(event.host) + ": " + retry_text(event, event.wait)});
  }

  void take(const PushChecked& event) {
    done({.title = "may push to " + message_text(push_check_text(event), look_),
          .end = time_text(event.took)});
  }

  void take(const TransfersStarted&) {}
  void take(const BlobMoved&) {}

  void take(const Pulled& event) {
    std::string note = short_digest(event.digest, look_);
    if (!event.via.empty()) note += " via " + terminal_text(event.via);
    if (event.was_there) note += ", already there";
    done({.title = familiar(event.name), .note = note, .end = since(event.name)});
  }

  void take(const Pushed& event) {
    std::string note = short_digest(event.digest, look_);
    if (event.was_there) note += ", already there";
    done({.title = (event.is_cache ? "exported cache to " : "pushed ") + familiar(event.name),
          .note = note,
          .end = since(event.name)});
  }

  void take(const CacheRead& event) {
    since_.erase(event.name);
    done({.title = cache_text(event), .end = time_text(event.took)});
  }

  void finished(const TransferGroup& group) {
    std::string title = group_text(group);
    if (group.moved > 0) title += ", " + human_size(group.bytes_moved);
    done({.title = title, .end = time_text(now_ - group.started)});
  }

  /// "sha256:3b8f1c77… via harbor.corp/hub, 2 layers 3.6 MB".
  std::string base_note(const StepDone& event) const {
    std::string out = short_digest(event.base.digest, look_);
    if (!event.base.via.empty()) out += " via " + terminal_text(event.base.via);
    return out + ", " + counted(event.base.layers, "layer") + ' ' + human_size(event.size);
  }

  static std::string familiar(const std::string& name) {
    try {
      return Reference::parse(name).familiar();
    } catch (const Error&) {
      return terminal_text(name);  // of a layout
    }
  }

  std::string since(const std::string& name) {
    const auto at = since_.find(name);
    if (at == since_.end()) return "";
    const auto took = now_ - at->second;
    since_.erase(at);
    return time_text(took);
  }

  void done(DoneRow what) {
    flush_config_steps();
    what.symbol = symbols(look_).done;
    what.colour = green;
    row(what);
  }

  void row(const DoneRow& what) { pending_ += done_line(what, frame()) + '\n'; }

  void flush_config_steps() {
    const std::string keywords = std::exchange(config_keywords_, {});
    if (!keywords.empty())
      row({.symbol = symbols(look_).done, .colour = green, .title = config_place_ + keywords});
  }

  std::string cut(const std::string& text) const {
    return cut_columns(text, terminal_.size().width - 1, look_);
  }

  Frame frame() const {
    const LiveTerminal::Size size = terminal_.size();
    return {size.width, size.height, look_, now_};
  }

  /// Later, by a tick, if the terminal is being resized.
  void draw() {
    if (terminal_.is_steady(now_)) draw_now();
  }

  void draw_now() {
    const std::vector<std::string> lines = live_lines(activity_, frame());
    terminal_.show(std::exchange(pending_, {}), lines);
    drawn_lines_ = !lines.empty();
  }

  LiveTerminal terminal_;
  const Look look_;
  Activity activity_;
  DockerfileRead dockerfile_{};
  std::string config_place_;
  std::string config_keywords_;
  std::map<std::string, Time> since_;  ///< when a name was first asked for
  std::string pending_;                ///< lines that stay, not written yet
  Time now_ = std::chrono::steady_clock::now();
  bool drawn_lines_ = false;
  std::size_t warnings_ = 0;
};

}  // namespace

std::unique_ptr<ProgressView> make_terminal_view(const OutputStream& stream, Look look) {
  return std::make_unique<TerminalView>(stream, look);
}

}  // namespace ocibuild::program
