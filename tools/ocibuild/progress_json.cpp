// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <ctime>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base64.hpp"
#include "commands/build_json.hpp"
#include "progress_text.hpp"
#include "progress_view.hpp"
#include "rebuild_text.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;
using WallClock = std::chrono::system_clock;

/// A digest's shape from a name, as BuildKit's readers want one: FNV-1a with four offsets. Only
/// names of one run must differ.
std::string vertex_id(std::string_view name) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "sha256:";
  for (unsigned part = 0; part < 4; ++part) {
    std::uint64_t hash = 0xcbf29ce484222325U + part;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    for (int digit = 0; digit < 16; ++digit, hash >>= 4) out += hex[hash & 15U];
  }
  return out;
}

/// RFC 3339 with nanoseconds, UTC.
std::string timestamp(WallClock::time_point time) {
  const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch());
  const auto seconds = static_cast<std::time_t>(since.count() / 1'000'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &parts);
  const std::string fraction = std::to_string(since.count() % 1'000'000'000);
  return text.data() + std::string(9 - fraction.size(), '0') + fraction + 'Z';
}

/// A line of JSON for every event, in the shape of BuildKit's client.SolveStatus.
class JsonView final : public ProgressView {
public:
  explicit JsonView(const OutputStream& stream) : stream_(stream) {}
  ~JsonView() override = default;

  void on_event(const Event& event, Time now) override {
    set_clock(now);
    std::visit([this](const auto& what) { take(what); }, event);
  }

  void step(const std::string& text, std::chrono::nanoseconds took) override {
    set_clock(std::chrono::steady_clock::now());
    vertex(text, took);
  }

  void print(std::string_view lines) override {
    set_clock(std::chrono::steady_clock::now());
    begin("ocibuild");
    log("ocibuild", lines);
  }

  void summary(const BuildSummary& summary) override {
    last_ = {{"result", Json::parse(metadata_json(summary.result, summary.names, summary.pushed))}};
  }

  void error(const Error& error, std::string_view) override {
    set_clock(std::chrono::steady_clock::now());
    if (!open_.empty()) end(std::exchange(open_, {}), error.what());
    last_ = {{"error", Json::parse(metadata_json(error))["error"]}};
  }

  /// The last line comes when all others are written.
  void close() override {
    if (std::exchange(closed_, true)) return;
    if (last_.is_null()) last_ = {{"result", results_.empty() ? Json::object() : results_}};
    line({{"ocibuild", last_}});
  }

private:
  /// Events carry steady time, the lines need that of the day.
  void set_clock(Time now) {
    const auto ago = std::chrono::steady_clock::now() - now;
    wall_ = WallClock::now() - std::chrono::duration_cast<WallClock::duration>(ago);
  }

  void take(const DockerfileRead&) { context_start_ = wall_; }

  void take(const ContextRead& event) {
    vertex("context " + terminal_text(event.directory) + ' ' + context_text(event),
           wall_ - context_start_);
  }

  void take(const StepStarted& event) {
    open_ = step_title(place_of(event.platform, event.stage), event.number, event.total,
                       event.instruction);
    begin(open_);
  }

  void take(const StepDone& event) {
    const std::string place = place_of(event.platform, event.stage);
    if (event.kind == StepKind::config)
      return vertex((place.empty() ? "" : '[' + place + "] ") + terminal_text(event.instruction),
                    event.took);
    const bool base = event.kind == StepKind::base;
    if (base) answered(Asking::For::base, event.base.name);
    const std::string title =
        step_title(place, event.number, event.total, base ? base_text(event) : event.instruction);
    std::string causes;
    for (const std::string& cause : cause_lines(event.causes, event.causes.size()))
      causes += "because " + cause + '\n';
    if (!causes.empty()) log(title, causes);
    vertex(title, event.took, event.cached);
  }

  void take(const Warning& event) {
    const Diagnostic& found = event.diagnostic;
    Json warning{{"vertex", vertex_id("ocibuild")},
                 {"level", 1},
                 {"short", base64(found.id + ": " + found.message)}};
    for (const auto* texts : {&found.notes, &found.helps}) {
      for (const std::string& text : *texts) warning["detail"].push_back(base64(text));
    }
    if (found.where) {
      std::string source;
      for (const std::string& text : found.where->excerpt) source += text + '\n';
      warning["sourceInfo"] = {{"filename", found.where->file}, {"data", base64(source)}};
      const Json place{{"line", found.where->line}, {"character", found.where->column}};
      warning["range"] = {{{"start", place}, {"end", place}}};
    }
    begin("ocibuild");
    send("warnings", std::move(warning));
  }

  void take(const ImageDone& event) {
    if (!event.name.empty()) vertex("naming to " + terminal_text(event.name), {});
  }

  void take(const Asking& event) {
    open_ = asking_text(event);
    begin(open_);
    asked_[{event.purpose, event.name}].insert(open_);
  }

  void take(const Retrying& event) {
    print(terminal_text(event.host) + ": " + retry_text(event, event.wait) + '\n');
  }

  void take(const PushChecked& event) { answered(Asking::For::push_check, event.name); }

  void take(const TransfersStarted& event) {
    const std::string vertex = group_name(event.upload, event.host);
    waiting_[vertex] += event.blobs;
    begin(vertex);
  }

  void take(const BlobMoved& event) {
    const bool ended = event.state != BlobMoved::State::moving;
    const std::string vertex = group_name(event.upload, event.host);
    begin(vertex);
    const auto [started, is_new] = transfers_.try_emplace(vertex + event.digest, wall_);
    Json status{{"id", event.digest},
                {"vertex", vertex_id(vertex)},
                {"name", event.upload ? "pushing" : "pulling"},
                {"total", event.total},
                {"current", event.done},
                {"timestamp", timestamp(wall_)},
                {"started", timestamp(started->second)}};
    if (ended) status["completed"] = timestamp(wall_);
    send("statuses", std::move(status));
    if (ended && --waiting_[vertex] == 0) end(vertex, "");
  }

  void take(const Pulled& event) {
    answered(Asking::For::pull, event.name);
    results_["pulled"].push_back({{"name", event.name}, {"digest", event.digest}});
  }

  void take(const CacheRead& event) { answered(Asking::For::cache_from, event.name); }

  void take(const Pushed& event) {
    if (event.is_cache) return answered(Asking::For::cache_to, event.name);
    answered(Asking::For::push, event.name);
    results_["pushed"].push_back({{"name", event.name}, {"digest", event.digest}});
  }

  void answered(Asking::For purpose, const std::string& name) {
    for (const std::string& what : asked_[{purpose, name}]) end(what, "");
    asked_.erase({purpose, name});
    open_.clear();
  }

  void log(const std::string& vertex, std::string_view lines) {
    send("logs", {{"vertex", vertex_id(vertex)},
                  {"stream", 2},
                  {"data", base64(lines)},
                  {"timestamp", timestamp(wall_)}});
  }

  static std::string group_name(bool upload, const std::string& host) {
    return (upload ? "push blobs to " : "pull blobs from ") + terminal_text(host);
  }

  void begin(const std::string& name) {
    const auto [at, is_new] = started_.try_emplace(name, wall_);
    if (is_new) send_vertex(name, at->second, {}, false, "");
  }

  void end(const std::string& name, const std::string& error) {
    begin(name);
    send_vertex(name, started_[name], wall_, false, error);
  }

  /// One that is over, and was perhaps begun.
  void vertex(const std::string& name, std::chrono::nanoseconds took, bool cached = false) {
    const auto start = wall_ - std::chrono::duration_cast<WallClock::duration>(took);
    const auto [at, is_new] = started_.try_emplace(name, start);
    send_vertex(name, at->second, wall_, cached, "");
    if (name == open_) open_.clear();
  }

  void send_vertex(const std::string& name, WallClock::time_point started,
                   std::optional<WallClock::time_point> completed, bool cached,
                   const std::string& error) {
    Json vertex{{"digest", vertex_id(name)}, {"name", name}, {"started", timestamp(started)}};
    if (completed) vertex["completed"] = timestamp(*completed);
    if (cached) vertex["cached"] = true;
    if (!error.empty()) vertex["error"] = error;
    send("vertexes", std::move(vertex));
  }

  void send(const char* key, Json item) { line({{key, Json::array({std::move(item)})}}); }

  /// Bytes of a file name that are no UTF-8 must not end the build.
  void line(const Json& json) {
    stream_.sink->write(json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n');
  }

  const OutputStream stream_;
  WallClock::time_point wall_ = WallClock::now();
  WallClock::time_point context_start_ = wall_;
  std::map<std::string, WallClock::time_point> started_;    ///< vertexes by name
  std::map<std::string, WallClock::time_point> transfers_;  ///< by vertex and digest
  std::map<std::string, std::uint64_t> waiting_;  ///< blobs of a vertex that have not ended
  std::map<std::pair<Asking::For, std::string>, std::set<std::string>> asked_;
  std::string open_;  ///< begun last and not ended
  Json results_;
  Json last_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<ProgressView> make_json_view(const OutputStream& stream) {
  return std::make_unique<JsonView>(stream);
}

}  // namespace ocibuild::program
