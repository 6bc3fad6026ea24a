// SPDX-License-Identifier: Apache-2.0
#include "progress_view.hpp"

namespace ocibuild::program {

namespace {

class QuietView final : public ProgressView {
public:
  explicit QuietView(const OutputStream& stream) : stream_(stream) {}

  void on_event(const Event&, Time) override {}
  void step(const std::string&, std::chrono::nanoseconds) override {}
  void print(std::string_view lines) override { stream_.sink->write(lines); }
  void summary(const BuildSummary&) override {}
  void error(const Error&, std::string_view text) override { print(text); }

private:
  const OutputStream stream_;
};

}  // namespace

std::unique_ptr<ProgressView> make_quiet_view(const OutputStream& stream) {
  return std::make_unique<QuietView>(stream);
}

std::unique_ptr<ProgressView> make_view(ProgressMode mode, const OutputStream& stream, Look look) {
  switch (mode) {
    case ProgressMode::terminal:
      return make_terminal_view(stream, look);
    case ProgressMode::plain:
      return make_plain_view(stream, look);
    case ProgressMode::json:
      return make_json_view(stream);
    default:
      return make_quiet_view(stream);
  }
}

}  // namespace ocibuild::program
