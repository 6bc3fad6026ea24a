// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "progress_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using namespace ocibuild::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

struct Lines {
  Lines() : view(make_json_view({&sink})) {}
  void event(const Event& event) { view->on_event(event, std::chrono::steady_clock::now()); }
  std::vector<json> all() const {
    std::vector<json> out;
    for (std::size_t at = 0; at < sink.text.size();) {
      const std::size_t end = sink.text.find('\n', at);
      REQUIRE(end != std::string::npos);
      out.push_back(json::parse(sink.text.substr(at, end - at)));
      at = end + 1;
    }
    return out;
  }
  /// The last state of the vertex of that name.
  json vertex(const std::string& name) const {
    json found;
    for (const json& line : all()) {
      for (const json& vertex : line.value("vertexes", json::array()))
        if (vertex["name"] == name) found = vertex;
    }
    return found;
  }
  /// The item of the last line that has `key`.
  json last(const std::string& key) const {
    json found;
    for (const json& line : all())
      if (line.contains(key)) found = line[key][0];
    return found;
  }
  TextKeeper sink;
  std::unique_ptr<ProgressView> view;
};

}  // namespace

TEST_CASE("cli.md 8.3: rawjson has BuildKit's vertexes, statuses, logs and warnings", "[cli]") {
  Lines lines;
  lines.event(StepStarted{"", 2, 3, "COPY a b"});
  CHECK(!lines.vertex("[2/3] COPY a b").contains("completed"));
  StepDone done{StepKind::layer, "", 2, 3, "COPY a b", true};
  lines.event(done);
  const json step = lines.vertex("[2/3] COPY a b");
  CHECK(step["cached"] == true);
  CHECK(step["digest"].get<std::string>().size() == 71);
  CHECK(step["completed"].get<std::string>().back() == 'Z');

  Warning warning{{"JSONArgsRecommended", "use JSON"}};
  warning.diagnostic.where = SourceRange{"Dockerfile", 3, 1, 3, "", 3, {"CMD x"}};
  lines.event(warning);
  const json found = lines.last("warnings");
  CHECK(found["short"] == "SlNPTkFyZ3NSZWNvbW1lbmRlZDogdXNlIEpTT04=");
  CHECK(found["sourceInfo"]["data"] == "CgpDTUQgeAo=");  // line 3 is the third one
  CHECK(found["range"][0]["start"] == json{{"line", 3}, {"character", 0}});
  CHECK(found["range"][0]["end"] == json{{"line", 3}, {"character", 3}});

  lines.event(Asking{Asking::For::push, "ghcr.io", "ghcr.io/a/b:1"});
  lines.event(TransfersStarted{Movement::push, "ghcr.io", 1, 900});
  lines.event(moved(blob_a, 300, 900));
  const json status = lines.last("statuses");
  CHECK(status["id"] == blob_a);
  CHECK(status["current"] == 300);
  CHECK(status["total"] == 900);
  CHECK(status["vertex"] == lines.vertex("push blobs to ghcr.io")["digest"]);
  CHECK(!lines.vertex("push blobs to ghcr.io").contains("completed"));
  lines.event(Retrying{.host = "ghcr.io", .reason = "cut"});
  CHECK(lines.last("logs")["data"] == "Z2hjci5pbzogY3V0LCBnb2VzIG9uCg==");
  CHECK(lines.vertex("ocibuild").contains("completed"));
  lines.event(moved(blob_a, 900, 900, BlobMoved::State::done));
  CHECK(lines.vertex("push blobs to ghcr.io").contains("completed"));
  lines.event(Pushed{"ghcr.io/a/b:1", image_digest});
  CHECK(lines.vertex("push ghcr.io/a/b:1").contains("completed"));
}

TEST_CASE("cli.md 8.3: layers that are compressed anew are statuses, and what goes to an engine",
          "[cli]") {
  Lines lines;
  lines.event(TransfersStarted{Movement::compress, "", 1, 900});
  lines.event(compressed(blob_a, 300, 900));
  json status = lines.last("statuses");
  CHECK(status["name"] == "compressing");
  CHECK(status["id"] == blob_a);
  CHECK(status["current"] == 300);
  CHECK(status["vertex"] == lines.vertex("compress layers")["digest"]);
  lines.event(compressed(blob_a, 900, 900, BlobMoved::State::done));
  CHECK(lines.vertex("compress layers").contains("completed"));
  lines.event(TransfersStarted{Movement::load, "/run/docker.sock", 1, 900});
  lines.event(loaded(900, 900));
  status = lines.last("statuses");
  CHECK(status["name"] == "loading");
  CHECK(status["vertex"] == lines.vertex("load into /run/docker.sock")["digest"]);
  CHECK(!status.contains("completed"));
  lines.event(loaded(900, 900, BlobMoved::State::done));
  CHECK(lines.vertex("load into /run/docker.sock").contains("completed"));
}

TEST_CASE("cli.md 8.3: the last line of rawjson is the result or the error", "[cli]") {
  Lines good;
  good.event(Pushed{"ghcr.io/a/b:1", image_digest});
  good.view->close();
  good.view->close();
  CHECK(good.all().back()["ocibuild"]["result"]["pushed"][0]["digest"] == image_digest);

  Lines bad;
  bad.event(Asking{Asking::For::base, "docker.io", "docker.io/library/a:1"});
  Diagnostic diagnostic{"base-not-found", "no such image \xff", {}, {}, {"look"}};
  diagnostic.where = SourceRange{"Dockerfile", 2, 6, 1, "", 2, {}};
  bad.event(TransfersStarted{Movement::pull, "docker.io", 1, 900});
  bad.view->error(Error(Errc::not_found, diagnostic), "text");
  bad.view->print("debug: after\n");
  bad.view->close();
  CHECK(bad.vertex("FROM docker.io/library/a:1, asking docker.io")["error"] ==
        "no such image \\xff");
  CHECK(bad.vertex("pull blobs from docker.io")["error"] == "context canceled");
  const json error = bad.all().back()["ocibuild"]["error"];
  CHECK(error["id"] == "base-not-found");
  CHECK(error["exit"] == 5);
  CHECK(error["file"] == "Dockerfile");
  CHECK(error["line"] == 2);
  CHECK(error["col"] == 6);
  CHECK(error["hints"] == json{"look"});
}
