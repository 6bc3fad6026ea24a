// SPDX-License-Identifier: Apache-2.0
#include "live_lines.hpp"

#include "progress_fixture.hpp"
#include "progress_text.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using namespace ocibuild::test;
using namespace std::chrono_literals;

namespace {

using Lines = std::vector<std::string>;

constexpr Look utf8{.colour = false, .utf8 = true};
constexpr Look ascii{};

/// A push in its third second: one blob was there, one moves, one waits for another attempt.
struct Push {
  Push() {
    activity.on_event(Asking{Asking::For::push, "ghcr.io", "ghcr.io/acme/app:1.4"}, clock.now());
    activity.on_event(TransfersStarted{Movement::push, "ghcr.io", 6, 13'400'000}, clock.now());
    activity.on_event(moved(blob_b, 9, 9, BlobMoved::State::was_there), clock.now());
    activity.on_event(moved(blob_a, 0, 9'800'000), clock.now());
    for (int tenth = 1; tenth <= 24; ++tenth) {
      clock.pass(100ms);
      activity.on_event(moved(blob_a, static_cast<std::uint64_t>(tenth) * 266'667, 9'800'000),
                        clock.now());
    }
    activity.on_event(moved(blob_b, 0, 900), clock.now());
    activity.on_event(Retrying{.host = "ghcr.io",
                               .reason = "429 too many requests",
                               .attempt = 2,
                               .attempts = 6,
                               .wait = 8s,
                               .told = true,
                               .movement = Movement::push,
                               .digest = blob_b},
                      clock.now());
  }
  Lines lines(std::size_t width, Look look, std::size_t height = 24) {
    return live_lines(activity, {width, height, look, clock.now()});
  }
  Clock clock;
  Activity activity;
};

}  // namespace

TEST_CASE("cli.md 9.4: blobs that move have bars, with the retry in its own", "[cli]") {
  Push push;
  CHECK(push.lines(80, utf8) ==
        Lines{"⠼ push ghcr.io   1 of 6 blobs already there                                2.4s",
              "  5f56605b8849  ━━━━━━━━━━━━━━────────  6.4/9.8 MB  2.7 MB/s  1s left",
              "  0123456789ab  ! 429 too many requests, attempt 2 of 6 in 8s (Retry-After)"});
  CHECK(push.lines(40, utf8) == Lines{"⠼ push ghcr.io   1 of 6 blobs …    2.4s",
                                      "  5f56605b8849  6.4/9.8 MB  2.7 MB/s  …",
                                      "  0123456789ab  ! 429 too many request…"});
  CHECK(push.lines(200, utf8) ==
        Lines{"⠼ push ghcr.io   1 of 6 blobs already there" + std::string(49, ' ') + "    2.4s",
              "  5f56605b8849  ━━━━━━━━━━━━━━━╸────────  6.4/9.8 MB  2.7 MB/s  1s left",
              "  0123456789ab  ! 429 too many requests, attempt 2 of 6 in 8s (Retry-After)"});
}

TEST_CASE("cli.md 9.6: outside of UTF-8 the same is said in ASCII", "[cli]") {
  Push push;
  CHECK(push.lines(80, ascii) ==
        Lines{"| push ghcr.io   1 of 6 blobs already there                                2.4s",
              "  5f56605b8849  ##############--------  6.4/9.8 MB  2.7 MB/s  1s left",
              "  0123456789ab  warn 429 too many requests, attempt 2 of 6 in 8s (Retry-After)"});
  CHECK(push.lines(40, ascii) == Lines{"| push ghcr.io   1 of 6 blob...    2.4s",
                                       "  5f56605b8849  6.4/9.8 MB  2.7 MB/s...",
                                       "  0123456789ab  warn 429 too many re..."});
  CHECK(push.lines(200, ascii).size() == 3);
}

TEST_CASE("cli.md 9.4: the wait of a retry counts down, and its bar comes back", "[cli]") {
  Push push;
  push.clock.pass(5500ms);
  CHECK_THAT(push.lines(80, utf8)[2], Catch::Matchers::Contains("in 3s (Retry-After)"));
  push.clock.pass(60s);
  CHECK_THAT(push.lines(80, utf8)[2], Catch::Matchers::Contains("in 0s (Retry-After)"));
  push.activity.on_event(moved(blob_b, 450, 900), push.clock.now());
  CHECK_THAT(push.lines(80, utf8)[2],
             Catch::Matchers::Contains("━━━━━━━━━━━───────────  450/900 B"));
}

TEST_CASE("cli.md 9.4: layers that are compressed anew have bars, and what goes to an engine",
          "[cli]") {
  Clock clock;
  Activity activity;
  const auto lines = [&] { return live_lines(activity, {80, 24, utf8, clock.now()}); };
  activity.on_event(TransfersStarted{Movement::compress, "", 2, 2000}, clock.now());
  activity.on_event(compressed(blob_a, 1000, 1000, BlobMoved::State::done), clock.now());
  activity.on_event(compressed(blob_b, 500, 1000), clock.now());
  CHECK(lines() == Lines{"⠋ compress   1 of 2 layers compressed",
                         "  0123456789ab  ━━━━━━━━━━━───────────  0.5/1.0 kB"});
  activity.on_event(compressed(blob_b, 1000, 1000, BlobMoved::State::was_there), clock.now());
  CHECK(lines().empty());
  CHECK(group_text(activity.take_finished().at(0)) ==
        "compress   1 of 2 layers compressed, 1 already there");
  activity.on_event(TransfersStarted{Movement::load, "/run/docker.sock", 1, 1000}, clock.now());
  activity.on_event(loaded(500, 1000), clock.now());
  CHECK(lines() == Lines{"⠋ load into /run/docker.sock   1 image",
                         "  fee1491cc3f1  ━━━━━━━━━━━───────────  0.5/1.0 kB"});
  activity.on_event(loaded(1000, 1000, BlobMoved::State::done), clock.now());
  CHECK(group_text(activity.take_finished().at(0)) ==
        "load into /run/docker.sock   1 image loaded");
}

TEST_CASE("cli.md 9.4: eight bars at most, and two lines of the screen stay free", "[cli]") {
  Clock clock;
  Activity activity;
  activity.on_event(TransfersStarted{Movement::push, "ghcr.io", 11, 11}, clock.now());
  for (char digit = 'a'; digit < 'a' + 11; ++digit) {
    const std::string digest = "sha256:" + std::string(64, digit);
    activity.on_event(moved(digest.c_str(), 0, 1000), clock.now());
  }
  const auto lines = [&](std::size_t height) {
    return live_lines(activity, {80, height, utf8, clock.now()});
  };
  CHECK(lines(24).size() == 10);
  CHECK(lines(24).back() == "  +3 more");
  CHECK(lines(8).size() == 6);
  CHECK(lines(8).back() == "  +7 more");
  CHECK(lines(4) == Lines{"⠋ push ghcr.io   11 blobs", "  +11 more"});
  CHECK(lines(3).size() == 1);
  CHECK(lines(1).size() == 1);
}

TEST_CASE("cli.md 9.4: the rate is that of the last three seconds, time left comes after two",
          "[cli]") {
  Clock clock;
  Activity activity;
  activity.on_event(TransfersStarted{Movement::push, "ghcr.io", 1, 100'000'000}, clock.now());
  activity.on_event(moved(blob_a, 0, 100'000'000), clock.now());
  const auto line = [&] { return live_lines(activity, {80, 24, ascii, clock.now()})[1]; };
  const auto pass = [&](std::uint64_t done) {
    clock.pass(1s);
    activity.on_event(moved(blob_a, done, 100'000'000), clock.now());
  };
  CHECK_THAT(line(), Catch::Matchers::EndsWith("--  0.0/100.0 MB"));
  pass(10'000'000);
  CHECK_THAT(line(), Catch::Matchers::EndsWith("--  10.0/100.0 MB  10.0 MB/s"));
  pass(20'000'000);
  CHECK_THAT(line(), Catch::Matchers::EndsWith("  20.0/100.0 MB  10.0 MB/s  8s left"));
  for (std::uint64_t mb = 21; mb <= 24; ++mb) pass(mb * 1'000'000);
  CHECK_THAT(line(), Catch::Matchers::EndsWith("  24.0/100.0 MB  1.0 MB/s  1m 16s left"));
  clock.pass(5s);  // nothing comes any more
  CHECK_THAT(line(), Catch::Matchers::EndsWith("  24.0/100.0 MB"));
  // Begun anew: neither a negative rate nor one from before.
  activity.on_event(moved(blob_a, 1'000'000, 100'000'000), clock.now());
  CHECK_THAT(line(), Catch::Matchers::EndsWith("  1.0/100.0 MB"));
}

TEST_CASE("cli.md 9.4: a step or a wait has a line of its own while it lasts", "[cli]") {
  Clock clock;
  Activity activity;
  CHECK(activity.idle());
  activity.on_event(DockerfileRead{"Dockerfile", 7}, clock.now());
  CHECK(live_lines(activity, {80, 24, ascii, clock.now()}) ==
        Lines{"| Dockerfile: 7 instructions, reading the context"});
  CHECK(activity.interrupted().empty());
  activity.on_event(Asking{Asking::For::base, "harbor.corp/hub", "docker.io/alpine/curl:latest"},
                    clock.now());
  const auto lines = [&](std::size_t width) {
    return live_lines(activity, {width, 24, utf8, clock.now()});
  };
  CHECK(lines(80) == Lines{"⠋ FROM docker.io/alpine/curl:latest, asking harbor.corp/hub"});
  activity.on_event(StepStarted{"builder", 2, 5, "COPY a b"}, clock.now());
  clock.pass(1300ms);
  CHECK(lines(80) == Lines{"⠸ [builder 2/5] COPY a b" + std::string(47, ' ') + "    1.3s"});
  CHECK(lines(20) == Lines{"⠸ [builder…    1.3s"});
  CHECK(lines(1).size() == 1);
  activity.on_event(StepDone{StepKind::layer, "builder", 2, 5, "COPY a b"}, clock.now());
  CHECK(activity.idle());
  CHECK(lines(80).empty());
}

TEST_CASE("cli.md 9.4: lines that stay have sizes and times in columns, as far as they fit",
          "[cli]") {
  const auto lines = [](std::size_t width, Look look) {
    const Frame frame{width, 24, look, {}};
    const char* ok = symbols(look).done;
    return done_line({.symbol = ok,
                      .title = "COPY build/fluidity-server .",
                      .from = "23.1 MB",
                      .to = "9.8 MB",
                      .end = "0.1s"},
                     frame) +
           '\n' +
           done_line({.symbol = ok,
                      .title = "COPY configs/server.yaml ./config/",
                      .from = "2.1 kB",
                      .to = "900 B",
                      .end = "cached"},
                     frame) +
           '\n' +
           done_line({.symbol = ok,
                      .title = "FROM alpine/curl:latest",
                      .note = "sha256:3b8f1c77aaaa via harbor.corp/hub, 2 layers 3.6 MB",
                      .end = "0.2s"},
                     frame) +
           '\n' + done_line({.symbol = ok, .title = "EXPOSE, CMD"}, frame) + '\n';
  };
  CHECK(lines(80, utf8) ==
        "✔ COPY build/fluidity-server .                      23.1 MB →    9.8 MB    0.1s\n"
        "✔ COPY configs/server.yaml ./config/                 2.1 kB →     900 B  cached\n"
        "✔ FROM alpine/curl:latest  sha256:3b8f1c77aaaa via harbor.corp/hub, 2 …    0.2s\n"
        "✔ EXPOSE, CMD\n");
  CHECK(lines(40, utf8) ==
        "✔ COPY build/fluidit…    9.8 MB    0.1s\n"
        "✔ COPY configs/serve…     900 B  cached\n"
        "✔ FROM alpine/curl:latest  sha…    0.2s\n"
        "✔ EXPOSE, CMD\n");
  CHECK(lines(200, utf8) ==
        "✔ COPY build/fluidity-server .                                           23.1 MB →    9.8 "
        "MB    0.1s\n"
        "✔ COPY configs/server.yaml ./config/                                      2.1 kB →     "
        "900 B  cached\n"
        "✔ FROM alpine/curl:latest  sha256:3b8f1c77aaaa via harbor.corp/hub, 2 layers 3.6 MB       "
        "      0.2s\n"
        "✔ EXPOSE, CMD\n");
  CHECK(lines(80, ascii) ==
        "ok COPY build/fluidity-server .                    23.1 MB ->    9.8 MB    0.1s\n"
        "ok COPY configs/server.yaml ./config/               2.1 kB ->     900 B  cached\n"
        "ok FROM alpine/curl:latest  sha256:3b8f1c77aaaa via harbor.corp/hub,...    0.2s\n"
        "ok EXPOSE, CMD\n");
}

TEST_CASE("cli.md 9.1: colours do not count as width, and none is left open", "[cli]") {
  Push push;
  const Lines coloured = push.lines(40, {.colour = true, .utf8 = true});
  const Lines plain = push.lines(40, utf8);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    std::string seen;
    bool open = false;
    for (std::size_t at = 0; at < coloured[i].size(); ++at) {
      if (coloured[i][at] != '\x1b') {
        seen += coloured[i][at];
        continue;
      }
      const std::size_t end = coloured[i].find('m', at);
      open = coloured[i].substr(at, end - at) != "\x1b[0";
      at = end;
    }
    CHECK(seen == plain[i]);
    CHECK(!open);
  }
}
