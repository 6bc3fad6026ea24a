// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "diagnostic_text.hpp"
#include "progress_text.hpp"
#include "progress_view.hpp"
#include "rebuild_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::chrono::seconds between_lines{10};
constexpr std::size_t most_causes = 10;  // of a layer that was made

/// What waits for a network has a line at its start and at its end, under one number; all else one
/// line when it is done.
class PlainView final : public ProgressView {
public:
  PlainView(const OutputStream& stream, Look look) : stream_(stream), look_(look) {}

  void on_event(const Event& event, Time now) override {
    now_ = now;
    std::visit([this](const auto& what) { take(what); }, event);
  }

  void step(const std::string& text, std::chrono::nanoseconds took) override {
    line(text + done(took));
  }

  void print(std::string_view lines) override {
    flush_config_steps();
    stream_.sink->write(lines);
  }

  void summary(const BuildSummary& summary) override {
    const std::string tail = '@' + summary.result.manifest.digest.str() + ' ' +
                             human_size(layer_bytes(summary.result), "") +
                             done(summary.result.took);
    if (!summary.pushed) {
      for (const Reference& name : summary.names) line(terminal_text(name.str()) + tail);
      if (summary.names.empty()) line("image" + tail);
    }
    print(summary_text(summary, warnings_, look_));
  }

  /// What was under way ends with the reason; blobs beside it were only cancelled.
  void error(const Error& error, std::string_view text) override {
    flush_config_steps();
    if (open_ && error.code() != Errc::interrupted)
      numbered(open_->number == 0 ? next() : open_->number,
               open_->what + " ERROR: " + message_text(error.what(), look_));
    open_.reset();
    moving_.clear();
    print(text);
  }

  void tick(Time now) override {
    now_ = now;
    for (auto& [key, transfer] : moving_) {
      if (now - transfer.shown < between_lines) continue;
      transfer.shown = now;
      numbered(transfer.number, transfer.what + ' ' +
                                    human_progress(transfer.done, transfer.total, "") + ' ' +
                                    plain_seconds(now - transfer.started));
    }
  }

  std::optional<std::chrono::milliseconds> tick_after() const override {
    if (moving_.empty()) return std::nullopt;
    Time next = Time::max();
    for (const auto& [key, transfer] : moving_)
      next = std::min(next, transfer.shown + between_lines);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next - now_);
    return std::max(left, std::chrono::milliseconds(1));
  }

  void pause() override { flush_config_steps(); }
  void close() override { flush_config_steps(); }

private:
  struct Moving {
    unsigned number = 0;
    std::string what{};
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    Time started{};
    Time shown{};
  };
  /// Steps of one stage that only change the config: they cost nothing and share a line.
  struct ConfigSteps {
    std::string place{};
    std::string keywords{};
    std::chrono::nanoseconds took{};
  };
  /// What was begun last and has not ended.
  struct Open {
    unsigned number;  ///< 0: it has none yet
    std::string what;
  };
  struct Asked {
    unsigned number = 0;
    Time since{};
  };

  void take(const DockerfileRead&) { context_start_ = now_; }

  void take(const ContextRead& event) {
    line("context " + terminal_text(event.directory) + ' ' + context_text(event) +
         done(now_ - context_start_));
  }

  void take(const StepStarted& event) {
    open_ = {0, step_title(place_of(event.platform, event.stage), event.number, event.total,
                           event.instruction)};
  }

  void take(const StepDone& event) {
    const std::string place = place_of(event.platform, event.stage);
    if (event.kind == StepKind::config) {
      if (place != config_steps_.place) flush_config_steps();
      config_steps_.place = place;
      config_steps_.took += event.took;
      config_steps_.keywords +=
          (config_steps_.keywords.empty() ? "" : ", ") + keyword_of(event.instruction);
      return;
    }
    const bool base = event.kind == StepKind::base;
    std::string text =
        step_title(place, event.number, event.total, base ? base_text(event) : event.instruction);
    if (!base) text += ' ' + human_size(event.unpacked, "") + " -> " + human_size(event.size, "");
    text += event.cached ? " CACHED" : done(event.took);
    if (base) return ended(Asking::For::base, event.base.name, text);
    open_.reset();
    line(text);
    for (const std::string& cause : cause_lines(event.causes, most_causes))
      numbered(lines_, "because " + cause);
  }

  void take(const Warning& event) {
    ++warnings_;
    print(diagnostic_text(event.diagnostic, Severity::warning, look_));
  }

  void take(const ImageDone&) {}  // summary() and Pulled say more

  void take(const Asking& event) {
    flush_config_steps();
    Asked& asked = asked_[{event.purpose, event.name}];
    if (asked.number == 0) asked = {next(), now_};
    open_ = {asked.number, asking_text(event)};
    numbered(asked.number, open_->what);
  }

  void take(const Retrying& event) {
    print(std::string(symbols(look_).warning) + ' ' + terminal_text(event.host) + ": " +
          retry_text(event, event.wait) + '\n');
  }

  void take(const PushChecked& event) {
    ended(Asking::For::push_check, event.name,
          "push check " + message_text(push_check_text(event), look_) + done(event.took));
  }

  void take(const TransfersStarted& event) {
    if (event.movement == Movement::push) sent_ = event.bytes;
  }

  void take(const BlobMoved& event) {
    const std::string verb = words_of(event.movement).verb;
    const std::string key = verb + ' ' + event.host + ' ' + event.digest;
    const std::string what = verb + ' ' +
                             (event.movement == Movement::load ? terminal_text(event.host)
                                                               : short_digest(event.digest, look_));
    const std::string size = human_size(event.total, "");
    if (event.state == BlobMoved::State::moving) {
      auto [at, is_new] = moving_.try_emplace(key);
      at->second.done = event.done;
      if (!is_new) return;
      at->second = {next(), what, event.done, event.total, now_, now_};
      return numbered(at->second.number, what + ' ' + size);
    }
    Moving moving{.started = now_};
    if (const auto at = moving_.find(key); at != moving_.end()) {
      moving = at->second;
      moving_.erase(at);
    }
    if (moving.number == 0) moving.number = next();
    const bool sent = event.state == BlobMoved::State::done;
    const bool mounted = event.state == BlobMoved::State::mounted;
    numbered(moving.number, what + ' ' + size +
                                (sent      ? done(now_ - moving.started)
                                 : mounted ? " mounted"
                                 : event.state == BlobMoved::State::failed ? " failed"
                                                                           : " already there"));
  }

  void take(const Pulled& event) {
    const auto asked = asked_.find({Asking::For::pull, event.name});
    std::string text = terminal_text(event.name) + '@' + terminal_text(event.digest);
    if (!event.via.empty()) text += " via " + terminal_text(event.via);
    if (event.was_there) text += " already there";
    ended(Asking::For::pull, event.name,
          text + (asked == asked_.end() ? std::string() : done(now_ - asked->second.since)));
  }

  void take(const Pushed& event) {
    const auto purpose = event.is_cache ? Asking::For::cache_to : Asking::For::push;
    const auto asked = asked_.find({purpose, event.name});
    const std::string text = (event.is_cache ? "exporting cache to " : "") +
                             terminal_text(event.name) + '@' + terminal_text(event.digest);
    std::string tail = " already there";
    if (!event.was_there) {
      tail = sent_ > 0 ? ' ' + human_size(sent_, "") : "";
      tail += done(asked == asked_.end() ? std::chrono::nanoseconds{} : now_ - asked->second.since);
    }
    ended(purpose, event.name, text + tail);
  }

  void take(const CacheRead& event) {
    ended(Asking::For::cache_from, event.name, cache_text(event) + done(event.took));
  }

  /// The line that ends what Asking began.
  void ended(Asking::For purpose, const std::string& name, const std::string& text) {
    unsigned number = 0;
    if (const auto at = asked_.find({purpose, name}); at != asked_.end()) {
      number = at->second.number;
      asked_.erase(at);
    }
    flush_config_steps();
    open_.reset();
    numbered(number == 0 ? next() : number, text);
  }

  static std::string done(std::chrono::nanoseconds took) { return " DONE " + plain_seconds(took); }
  unsigned next() { return ++lines_; }

  void numbered(unsigned number, const std::string& text) {
    stream_.sink->write('#' + std::to_string(number) + ' ' + text + '\n');
  }

  void line(const std::string& text) {
    flush_config_steps();
    numbered(next(), text);
  }

  void flush_config_steps() {
    const ConfigSteps steps = std::exchange(config_steps_, {});
    if (steps.keywords.empty()) return;
    const std::string place = steps.place.empty() ? "" : '[' + steps.place + "] ";
    numbered(next(), place + steps.keywords + done(steps.took));
  }

  const OutputStream stream_;
  const Look look_;
  Time now_ = std::chrono::steady_clock::now();
  Time context_start_ = now_;
  ConfigSteps config_steps_;
  std::optional<Open> open_;
  std::map<std::pair<Asking::For, std::string>, Asked> asked_;
  std::map<std::string, Moving> moving_;
  std::uint64_t sent_ = 0;  ///< bytes of the blobs of the last push
  unsigned lines_ = 0;
  std::size_t warnings_ = 0;
};

}  // namespace

std::unique_ptr<ProgressView> make_plain_view(const OutputStream& stream, Look look) {
  return std::make_unique<PlainView>(stream, look);
}

}  // namespace ocibuild::program
