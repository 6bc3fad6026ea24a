// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
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

/// Printable, lines kept: readers show it on a terminal.
std::string printable_lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    for (const Cell& cell : cells(line)) out += cell.shown;
    out += '\n';
  }
  return out;
}

Json position(unsigned line, unsigned character) {
  return {{"line", line}, {"character", character}};
}

/// Adds the place of a finding to a warning. Readers count lines in `data` from 1, so lines before
/// the excerpt are there, empty.
void add_place(Json& warning, const SourceRange& where) {
  const unsigned before = where.first_line > 0 ? where.first_line - 1 : 0;
  warning["sourceInfo"] = {
      {"filename", terminal_text(where.file)},
      {"data", base64(std::string(before, '\n') + printable_lines(where.excerpt))}};
  const unsigned start = where.column > 0 ? where.column - 1 : 0;
  warning["range"] = Json::array({{{"start", position(where.line, start)},
                                   {"end", position(where.line, start + where.length)}}});
}

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
    log(own_name, lines);
    end(own_name, "");
  }

  void summary(const BuildSummary& summary) override {
    last_ = {{"result", Json::parse(metadata_json(summary.result, summary.names, summary.pushed))}};
  }

  /// What failed has the reason; what went on beside it was only ended.
  void error(const Error& error, std::string_view) override {
    set_clock(std::chrono::steady_clock::now());
    if (error.code() != Errc::interrupted)
      end(open_.empty() ? own_name : open_, terminal_text(error.what()));
    open_.clear();
    end_all("context canceled");
    last_ = {{"error", Json::parse(metadata_json(error))["error"]}};
  }

  /// The last line comes when all others are written.
  void close() override {
    if (std::exchange(closed_, true)) return;
    end_all("");
    if (last_.is_null()) last_ = {{"result", results_.empty() ? Json::object() : results_}};
    line({{"ocibuild", last_}});
  }

private:
  /// A piece of work; another one of the same name has another digest.
  struct Vertex {
    std::string digest{};
    WallClock::time_point started{};
    unsigned number = 0;  ///< of those with its name
    bool open = false;
  };
  /// Of what has no other work.
  static constexpr const char* own_name = "ocibuild";

  /// Events carry steady time, the lines need that of the day, which never goes back in them.
  void set_clock(Time now) {
    const auto ago = std::chrono::steady_clock::now() - now;
    wall_ =
        std::max(wall_, WallClock::now() - std::chrono::duration_cast<WallClock::duration>(ago));
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
    Json warning{{"vertex", begin(own_name).digest},
                 {"level", 1},
                 {"short", base64(terminal_text(found.id + ": " + found.message))}};
    for (const auto* texts : {&found.notes, &found.helps}) {
      for (const std::string& text : *texts)
        warning["detail"].push_back(base64(terminal_text(text)));
    }
    if (found.where) add_place(warning, *found.where);
    send("warnings", std::move(warning));
    end(own_name, "");
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
    const std::string vertex = group_name(event.movement, event.host);
    waiting_[vertex] += event.blobs;
    begin(vertex);
  }

  void take(const BlobMoved& event) {
    const bool ended = event.state != BlobMoved::State::moving;
    const std::string vertex = group_name(event.movement, event.host);
    const std::string work = begin(vertex).digest;
    const auto [started, is_new] = transfers_.try_emplace(work + event.digest, wall_);
    Json status{{"id", event.digest},
                {"vertex", work},
                {"name", words_of(event.movement).under_way},
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
    send("logs", {{"vertex", begin(vertex).digest},
                  {"stream", 2},
                  {"data", base64(lines)},
                  {"timestamp", timestamp(wall_)}});
  }

  static std::string group_name(Movement movement, const std::string& host) {
    switch (movement) {
      case Movement::push:
        return "push blobs to " + terminal_text(host);
      case Movement::compress:
        return "compress layers";
      case Movement::load:
        return "load into " + terminal_text(host);
      default:
        return "pull blobs from " + terminal_text(host);
    }
  }

  Vertex& begin(const std::string& name) { return begin(name, wall_); }

  /// The one of that name that goes on, or a new one.
  Vertex& begin(const std::string& name, WallClock::time_point started) {
    Vertex& vertex = vertexes_[name];
    if (std::exchange(vertex.open, true)) return vertex;
    const unsigned number = ++vertex.number;
    vertex.digest = vertex_id(number == 1 ? name : name + '\n' + std::to_string(number));
    vertex.started = started;
    send_vertex(name, vertex, false, "");
    return vertex;
  }

  void end(const std::string& name, const std::string& error, bool cached = false) {
    Vertex& vertex = begin(name);
    vertex.open = false;
    send_vertex(name, vertex, cached, error);
  }

  void end_all(const std::string& error) {
    for (const auto& [name, vertex] : vertexes_)
      if (vertex.open) end(name, error);
  }

  /// One that is over, and was perhaps begun.
  void vertex(const std::string& name, std::chrono::nanoseconds took, bool cached = false) {
    begin(name, wall_ - std::chrono::duration_cast<WallClock::duration>(took));
    end(name, "", cached);
    if (name == open_) open_.clear();
  }

  void send_vertex(const std::string& name, const Vertex& about, bool cached,
                   const std::string& error) {
    Json vertex{{"digest", about.digest}, {"name", name}, {"started", timestamp(about.started)}};
    if (!about.open) vertex["completed"] = timestamp(wall_);
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
  std::map<std::string, Vertex> vertexes_;                  ///< the last of each name
  std::map<std::string, WallClock::time_point> transfers_;  ///< by digests of vertex and blob
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
