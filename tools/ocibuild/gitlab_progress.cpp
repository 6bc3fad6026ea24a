// SPDX-License-Identifier: Apache-2.0
#include <utility>
#include <variant>

#include "progress_view.hpp"

namespace ocibuild::program {

namespace {

/// What is done first and what comes after it, as far as a reader folds them apart.
struct Section {
  const char* word;
  const char* title;
};
constexpr Section building{"build", "Building the image"};
constexpr Section pulling{"pull", "Pulling"};
constexpr Section pushing{"push", "Pushing"};

/// Null for what belongs to the section that is open, or to none.
const Section* section_of(const Event& event) {
  if (const auto* asking = std::get_if<Asking>(&event)) {
    switch (asking->purpose) {
      case Asking::For::pull:
        return &pulling;
      case Asking::For::push:
      case Asking::For::cache_to:
        return &pushing;
      case Asking::For::diagnosis:
        return nullptr;
      default:
        return &building;
    }
  }
  const bool step = std::holds_alternative<ContextRead>(event) ||
                    std::holds_alternative<StepStarted>(event) ||
                    std::holds_alternative<StepDone>(event);
  return step ? &building : nullptr;
}

/// Lines of another view, with GitLab's marks around those of a section. What comes at the end is
/// outside: it is what a reader looks for.
class GitlabView final : public ProgressView {
public:
  GitlabView(std::unique_ptr<ProgressView> inner, const OutputStream& stream)
      : inner_(std::move(inner)), stream_(stream) {}

  void on_event(const Event& event, Time now) override {
    const Section* next = section_of(event);
    if (next != nullptr && next != open_) {
      end();
      begin(*next);
    }
    inner_->on_event(event, now);
  }
  void step(const std::string& text, std::chrono::nanoseconds took) override {
    inner_->step(text, took);
  }
  void print(std::string_view lines) override { inner_->print(lines); }
  void summary(const BuildSummary& summary) override {
    end();
    inner_->summary(summary);
  }
  void error(const Error& error, std::string_view text) override {
    end();
    inner_->error(error, text);
  }
  void tick(Time now) override { inner_->tick(now); }
  std::optional<std::chrono::milliseconds> tick_after() const override {
    return inner_->tick_after();
  }
  void pause() override { inner_->pause(); }
  void close() override {
    end();
    inner_->close();
  }

private:
  using Milliseconds = std::chrono::milliseconds;

  static Milliseconds time() {
    return std::chrono::duration_cast<Milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
  }

  /// A job may call us more than once, and names must differ.
  void begin(const Section& section) {
    open_ = &section;
    name_ = std::string("ocibuild_") + section.word + '_' + std::to_string(time().count());
    mark("start", section.title);
  }

  void end() {
    inner_->pause();  // what it has kept belongs before the mark
    if (std::exchange(open_, nullptr) != nullptr) mark("end", "");
  }

  void mark(const char* what, const char* title) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time());
    stream_.sink->write(std::string("\x1b[0Ksection_") + what + ':' +
                        std::to_string(seconds.count()) + ':' + name_ + "\r\x1b[0K" + title + '\n');
  }

  const std::unique_ptr<ProgressView> inner_;
  const OutputStream stream_;
  const Section* open_ = nullptr;
  std::string name_;  ///< of the open one
};

}  // namespace

std::unique_ptr<ProgressView> make_gitlab_view(std::unique_ptr<ProgressView> inner,
                                               const OutputStream& stream) {
  return std::make_unique<GitlabView>(std::move(inner), stream);
}

}  // namespace ocibuild::program
