// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using namespace std::chrono_literals;

namespace {

class StringSink final : public TextSink {
public:
  void write(std::string_view part) override { text += part; }
  std::string text;
};

struct Screen {
  StringSink sink;
  OutputStream stream{&sink};
  Console console{stream, {}};
};

Digest digest_of(char c) {
  return Digest::parse("sha256:" + std::string(64, c));
}

BuildResult result_of(bool changed) {
  BuildResult result;
  result.manifest = {"", digest_of('a'), 500};
  result.image_id = digest_of('b');
  PlatformResult& image = result.platforms.emplace_back();
  image.manifest = result.manifest;
  image.image_id = result.image_id;
  image.config.platform.architecture = "amd64";
  image.config.config.cmd = {"./server"};
  image.base_name = Reference::parse("alpine/curl");
  result.changed = changed;
  result.took = 24ms;
  const auto layer = [&](std::uint64_t size, std::uint64_t unpacked, std::string instruction,
                         unsigned line) {
    const char digit = "0123456789"[image.layers.size()];  // each layer is another one
    LayerReport report{{"", digest_of(digit), size}, DiffId(digest_of('d')), unpacked};
    report.from_base = line == 0;
    report.cached = line == 3;
    report.instruction = std::move(instruction);
    if (line > 0) report.file = "Dockerfile";
    report.line = line;
    image.layers.push_back(report);
  };
  layer(3'000'000, 7'000'000, "", 0);
  layer(600'000, 800'000, "", 0);
  layer(118, 1024, "WORKDIR /app", 3);
  layer(9'800'000, 23'100'000, "COPY build/server .", 5);
  return result;
}

}  // namespace

TEST_CASE("progress is one line a step in BuildKit's shape", "[cli]") {
  Screen screen;
  screen.console.on_event(DockerfileRead{"Dockerfile", 3});
  screen.console.on_event(ContextRead{".", 4, 23'400'000, 212});
  screen.console.on_event(StepDone{StepKind::base, "", 1, 4, "FROM alpine", false, 0, 0, 230ms});
  screen.console.on_event(
      StepDone{StepKind::layer, "builder", 2, 4, "COPY a .", false, 23'100'000, 9'800'000, 120ms});
  screen.console.on_event(StepDone{StepKind::layer, "", 3, 4, "COPY \x1b b", true, 2100, 900, 1ms});
  CHECK(screen.sink.text ==
        "#1 context . 4 files 23.4 MB (212 ignored) DONE 0.0s\n"
        "#2 [1/4] FROM alpine DONE 0.2s\n"
        "#3 [builder 2/4] COPY a . 23.1MB -> 9.8MB DONE 0.1s\n"
        "#4 [3/4] COPY \\x1b b 2.1kB -> 900B CACHED\n");
}

TEST_CASE("cli.md 9.3: with several platforms a step begins with its own", "[cli]") {
  Screen screen;
  const auto step = [](StepKind kind, std::string stage, std::string instruction,
                       std::string platform) {
    StepDone done{kind, std::move(stage), 2, 3, std::move(instruction), true, 2100, 900, 1ms};
    done.platform = std::move(platform);
    return done;
  };
  screen.console.on_event(step(StepKind::layer, "builder", "COPY a b", "linux/arm64"));
  screen.console.on_event(step(StepKind::config, "", "ENV a=b", "linux/arm64"));
  screen.console.on_event(step(StepKind::config, "", "ENV a=b", "linux/arm/v7"));
  screen.console.on_event(step(StepKind::layer, "", "COPY a b", "linux/arm/v7"));
  CHECK(screen.sink.text ==
        "#1 [linux/arm64 builder 2/3] COPY a b 2.1kB -> 900B CACHED\n"
        "#2 [linux/arm64] ENV DONE 0.0s\n"
        "#3 [linux/arm/v7] ENV DONE 0.0s\n"
        "#4 [linux/arm/v7 2/3] COPY a b 2.1kB -> 900B CACHED\n");
}

TEST_CASE("steps that only change the config share a line for each stage", "[cli]") {
  Screen screen;
  screen.console.on_event(StepDone{StepKind::config, "base", 0, 2, "ENV A=b"});
  screen.console.on_event(StepDone{StepKind::config, "base", 0, 2, "LABEL\tc=d"});
  screen.console.on_event(StepDone{StepKind::config, "", 0, 2, "USER x"});
  screen.console.on_event(StepDone{StepKind::layer, "", 2, 2, "WORKDIR /a", true, 1536, 70});
  screen.console.on_event(StepDone{StepKind::config, "", 0, 2, "CMD x"});
  screen.console.on_event(Warning{{"y", "m"}});
  CHECK(screen.sink.text ==
        "#1 [base] ENV, LABEL DONE 0.0s\n"
        "#2 USER DONE 0.0s\n"
        "#3 [2/2] WORKDIR /a 1.5kB -> 70B CACHED\n"
        "#4 CMD DONE 0.0s\n"
        "warning[y]: m\n");
}

TEST_CASE("quiet shows no event, no warning and no summary", "[cli]") {
  Screen screen;
  screen.console.set_up({}, ProgressMode::quiet, true);
  screen.console.on_event(ContextRead{".", 4, 1, 0});
  screen.console.on_event(Warning{{"x", "m"}});
  screen.console.summary(result_of(true), {}, false);
  CHECK(screen.sink.text.empty());
}

TEST_CASE("a build that made a layer ends with the table of layers", "[cli]") {
  Screen screen;
  screen.console.on_event(Warning{{"unused", "m"}});
  screen.console.summary(result_of(true), {Reference::parse("ghcr.io/acme/app:1.4")}, false);
  const std::string digest = digest_of('a').str();
  CHECK(screen.sink.text == "warning[unused]: m\n#1 ghcr.io/acme/app:1.4@" + digest +
                                " 13.4MB DONE 0.0s\n"
                                "\n"
                                "ghcr.io/acme/app:1.4   linux/amd64   user root   cmd ./server\n"
                                "   3.6 MB     7.8 MB  base   alpine/curl:latest, 2 layers\n"
                                "    118 B     1.0 kB  cached WORKDIR /app         Dockerfile:3\n"
                                "   9.8 MB    23.1 MB  layer  COPY build/server .  Dockerfile:5\n"
                                "  13.4 MB    30.9 MB  total  (compressed, unpacked)\n"
                                "image  sha256:bbbbbbbbbbbb...   digest sha256:aaaaaaaaaaaa...\n"
                                "1 warning\n"
                                "1 layer built, 1 cached, 24 ms\n");
}

TEST_CASE("cli.md 11: a build that sent something says how much, and where the time went",
          "[cli]") {
  Screen screen;
  screen.console.on_event(PushChecked{"ghcr.io/a/b", "", "", 100ms});
  StepDone base{StepKind::base, "", 1, 2, "FROM x", false, 0, 0, 200ms};
  screen.console.on_event(base);
  screen.console.on_event(StepDone{StepKind::layer, "", 2, 2, "COPY x", false, 9, 9, 110ms});
  screen.sink.text.clear();
  PushResult pushed;
  pushed.uploaded = 11'400'000;
  pushed.was_there = 2'000'000;
  pushed.mounted = 600;
  BuildResult result = result_of(false);
  result.took = 500ms;
  screen.console.summary(result, {Reference::parse("ghcr.io/a/b")}, false, pushed);
  CHECK(
      screen.sink.text ==
      "image  sha256:bbbbbbbbbbbb...   digest sha256:aaaaaaaaaaaa...\n"
      "pushed 11.4 MB, 600 B mounted, 2.0 MB was there, 0.5s: check 0.1, resolve 0.2, layers 0.1, "
      "push 0.0\n");
  // Layers that were made side by side took no longer than the build.
  result.took = 300ms;
  screen.console.summary(result, {Reference::parse("ghcr.io/a/b")}, false, pushed);
  CHECK_THAT(screen.sink.text,
             Catch::Matchers::EndsWith("0.3s: check 0.1, resolve 0.2, layers 0.0, push 0.0\n"));
}

TEST_CASE("a build that changed nothing says so in one line", "[cli]") {
  Screen screen;
  BuildResult result = result_of(false);
  const std::string image = "#1 image@" + digest_of('a').str() +
                            " 13.4MB DONE 0.0s\n"
                            "image  sha256:bbbbbbbbbbbb...   digest sha256:aaaaaaaaaaaa...\n";
  screen.console.summary(result, {}, true);
  CHECK(screen.sink.text == image + "nothing changed, 24 ms\n");
  // A new label makes a new image of old layers.
  Screen other;
  other.console.summary(result, {}, false);
  CHECK(other.sink.text == image + "no layer changed, 24 ms\n");
}

TEST_CASE("several errors stand apart, an interrupt is one word", "[cli]") {
  Screen screen;
  screen.console.error(Error(Errc::failed, {Diagnostic{"a", "one"}, Diagnostic{"b", "two"}}), "");
  CHECK(screen.sink.text == "error[a]: one\n\nerror[b]: two\n");
  Screen other;
  other.console.error(Error(Errc::interrupted, "interrupted", "x"), "");
  CHECK(other.sink.text == "interrupted\n");
}
