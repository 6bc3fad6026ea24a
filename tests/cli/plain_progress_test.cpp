// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "progress_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using namespace ocibuild::test;
using namespace std::chrono_literals;

namespace {

struct Log {
  explicit Log(Look look = {}) : view(make_plain_view({&sink}, look)) {}
  void event(const Event& event, std::chrono::milliseconds after = 0ms) {
    clock.pass(after);
    view->on_event(event, clock.now());
  }
  /// What was printed since the last call.
  std::string taken() { return std::exchange(sink.text, {}); }

  TextKeeper sink;
  Clock clock;
  std::unique_ptr<ProgressView> view;
};

StepDone base_done() {
  StepDone done{StepKind::base, "", 1, 5, "FROM docker.io/alpine/curl:latest@sha256:3b8f1c77"};
  done.took = 230ms;
  done.base = {"docker.io/alpine/curl:latest", "sha256:3b8f1c77", "harbor.corp/hub", 2};
  return done;
}

}  // namespace

TEST_CASE("cli.md 9.3: a build that pushes is a line for each step, waits named before they begin",
          "[cli]") {
  Log log;
  log.event(DockerfileRead{"Dockerfile", 7});
  log.event(Asking{Asking::For::push_check, "ghcr.io", "ghcr.io/acme/fluidity-server"});
  log.event(PushChecked{"ghcr.io/acme/fluidity-server", "octo-bot", "GITHUB_TOKEN", 100ms});
  log.event(Asking{Asking::For::base, "harbor.corp/hub", "docker.io/alpine/curl:latest"});
  log.event(ContextRead{".", 4, 23'400'000, 212}, 40ms);
  log.event(base_done());
  log.event(StepStarted{"", 3, 5, "COPY build/fluidity-server ."});
  log.event(StepDone{StepKind::layer, "", 3, 5, "COPY build/fluidity-server .", false, 23'100'000,
                     9'800'000, 100ms});
  log.event(StepDone{StepKind::config, "", 0, 5, "CMD x"});
  log.event(Asking{Asking::For::push, "ghcr.io", "ghcr.io/acme/fluidity-server:1.4"});
  log.event(TransfersStarted{Movement::push, "ghcr.io", 2, 13'400'000});
  log.event(moved(blob_b, 600, 600, BlobMoved::State::was_there));
  log.event(moved(blob_a, 0, 9'800'000));
  log.event(moved(blob_a, 5'000'000, 9'800'000), 300ms);
  log.event(moved(blob_a, 9'800'000, 9'800'000, BlobMoved::State::done), 400ms);
  log.event(Pushed{"ghcr.io/acme/fluidity-server:1.4", "sha256:fee1491c"}, 400ms);
  CHECK(log.taken() ==
        "#1 push check ghcr.io/acme/fluidity-server\n"
        "#1 push check ghcr.io/acme/fluidity-server as octo-bot (GITHUB_TOKEN) DONE 0.1s\n"
        "#2 FROM docker.io/alpine/curl:latest, asking harbor.corp/hub\n"
        "#3 context . 4 files 23.4 MB (212 ignored) DONE 0.0s\n"
        "#2 [1/5] FROM docker.io/alpine/curl:latest@sha256:3b8f1c77 via harbor.corp/hub DONE 0.2s\n"
        "#4 [3/5] COPY build/fluidity-server . 23.1MB -> 9.8MB DONE 0.1s\n"
        "#5 CMD DONE 0.0s\n"
        "#6 push ghcr.io/acme/fluidity-server:1.4\n"
        "#7 push sha256:0123456789ab... 600B already there\n"
        "#8 push sha256:5f56605b8849... 9.8MB\n"
        "#8 push sha256:5f56605b8849... 9.8MB DONE 0.7s\n"
        "#6 ghcr.io/acme/fluidity-server:1.4@sha256:fee1491c 13.4MB DONE 1.1s\n");
}

TEST_CASE("cli.md 9.3: a transfer has a line at its start, every ten seconds and at its end",
          "[cli]") {
  Log log;
  CHECK(!log.view->tick_after());
  log.event(moved(blob_a, 0, 9'800'000));
  CHECK(log.view->tick_after() == 10s);
  for (int second = 1; second <= 24; ++second) {
    log.event(moved(blob_a, static_cast<std::uint64_t>(second) * 400'000, 9'800'000), 1s);
    log.view->tick(log.clock.now());
  }
  CHECK(log.view->tick_after() == 6s);
  log.event(moved(blob_a, 9'800'000, 9'800'000, BlobMoved::State::mounted), 1s);
  CHECK(!log.view->tick_after());
  CHECK(log.taken() ==
        "#1 push sha256:5f56605b8849... 9.8MB\n"
        "#1 push sha256:5f56605b8849... 4.0/9.8MB 10.0s\n"
        "#1 push sha256:5f56605b8849... 8.0/9.8MB 20.0s\n"
        "#1 push sha256:5f56605b8849... 9.8MB mounted\n");
}

TEST_CASE("cli.md 9.3: a layer that is compressed anew has such lines, and a load", "[cli]") {
  Log log;
  log.event(TransfersStarted{Movement::compress, "", 2, 10'000'000});
  log.event(compressed(blob_a, 0, 9'800'000));
  for (int second = 1; second <= 11; ++second) {
    log.event(compressed(blob_a, static_cast<std::uint64_t>(second) * 400'000, 9'800'000), 1s);
    log.view->tick(log.clock.now());
  }
  log.event(compressed(blob_a, 9'800'000, 9'800'000, BlobMoved::State::done));
  log.event(compressed(blob_b, 200'000, 200'000, BlobMoved::State::was_there));
  log.event(TransfersStarted{Movement::load, "/run/docker.sock", 1, 9'800'000});
  log.event(loaded(0, 9'800'000));
  for (int second = 1; second <= 11; ++second) {
    log.event(loaded(9'000'000, 9'800'000), 1s);
    log.view->tick(log.clock.now());
  }
  log.event(loaded(9'800'000, 9'800'000, BlobMoved::State::done));
  log.event(loaded(0, 9'800'000));
  log.event(loaded(0, 9'800'000, BlobMoved::State::failed));
  CHECK(log.taken() ==
        "#1 compress sha256:5f56605b8849... 9.8MB\n"
        "#1 compress sha256:5f56605b8849... 4.0/9.8MB 10.0s\n"
        "#1 compress sha256:5f56605b8849... 9.8MB DONE 11.0s\n"
        "#2 compress sha256:0123456789ab... 200.0kB already there\n"
        "#3 load into /run/docker.sock 9.8MB\n"
        "#3 load into /run/docker.sock 9.0/9.8MB 10.0s\n"
        "#3 load into /run/docker.sock 9.8MB DONE 11.0s\n"
        "#4 load into /run/docker.sock 9.8MB\n"
        "#4 load into /run/docker.sock 9.8MB failed\n");
}

TEST_CASE("cli.md 9.5, registry.md Y1: a repetition says host, reason, attempt and wait", "[cli]") {
  const Retrying retrying{.host = "docker.io",
                          .reason = "429 too many requests",
                          .attempt = 2,
                          .attempts = 6,
                          .wait = 8s,
                          .told = true};
  Log utf8(Look{.utf8 = true});
  utf8.event(retrying);
  CHECK(utf8.taken() == "! docker.io: 429 too many requests, attempt 2 of 6 in 8s (Retry-After)\n");
  Log ascii;
  ascii.event(Retrying{.host = "docker.io",
                       .reason = "reset\x1b[2J\r",
                       .attempt = 3,
                       .attempts = 6,
                       .wait = 1250ms});
  ascii.event(Retrying{.host = "docker.io", .reason = "cut"});
  CHECK(ascii.taken() ==
        "warn docker.io: reset\\x1b[2J\\r, attempt 3 of 6 in 1.3s\n"
        "warn docker.io: cut, goes on\n");
}

TEST_CASE("cli.md 9.3: what was under way when it failed ends with the reason", "[cli]") {
  Log log;
  log.event(Asking{Asking::For::pull, "docker.io", "docker.io/library/alpine:3.20"});
  log.event(moved(blob_a, 0, 9'800'000));
  log.taken();
  log.view->error(Error(Errc::retry_later, "x", "lost\n"), "error[x]: lost\n");
  CHECK(log.taken() ==
        "#1 pull docker.io/library/alpine:3.20, asking docker.io ERROR: lost\\n\nerror[x]: lost\n");
  log.event(StepStarted{"builder", 2, 3, "COPY a b"});
  log.view->error(Error(Errc::failed, "x", "full"), "error[x]: full\n");
  CHECK(log.taken() == "#3 [builder 2/3] COPY a b ERROR: full\nerror[x]: full\n");
  log.event(StepStarted{"", 2, 3, "COPY a b"});
  log.view->error(Error(Errc::interrupted, "x", "x"), "interrupted\n");
  CHECK(log.taken() == "interrupted\n");
}

TEST_CASE("cli.md 9.3: a shared cache has a line before it is asked for and one with what it knows",
          "[cli]") {
  Log log;
  log.event(Asking{Asking::For::cache_from, "ghcr.io", "ghcr.io/acme/a:cache"});
  log.event(CacheRead{CacheRead::State::read, "ghcr.io/acme/a:cache", 1, 200ms});
  log.event(Asking{Asking::For::cache_from, "", "layers"});
  log.event(CacheRead{CacheRead::State::absent, "layers", 0, 0ms});
  log.event(Asking{Asking::For::cache_from, "", "other"});
  log.event(CacheRead{CacheRead::State::unreadable, "other", 0, 0ms});
  log.event(TransfersStarted{Movement::pull, "ghcr.io", 1, 100});
  log.event(moved(blob_a, 0, 100));
  log.event(moved(blob_a, 50, 100, BlobMoved::State::failed));
  log.event(Asking{Asking::For::cache_to, "ghcr.io", "ghcr.io/acme/a:cache"});
  log.event(Pushed{"ghcr.io/acme/a:cache", "sha256:fee1491c", false, true}, 300ms);
  CHECK(log.taken() ==
        "#1 importing cache from ghcr.io/acme/a:cache\n"
        "#1 importing cache from ghcr.io/acme/a:cache 1 layer DONE 0.2s\n"
        "#2 importing cache from layers\n"
        "#2 importing cache from layers not there DONE 0.0s\n"
        "#3 importing cache from other\n"
        "#3 importing cache from other failed DONE 0.0s\n"
        "#4 push sha256:5f56605b8849... 100B\n"
        "#4 push sha256:5f56605b8849... 100B failed\n"
        "#5 exporting cache to ghcr.io/acme/a:cache\n"
        "#5 exporting cache to ghcr.io/acme/a:cache@sha256:fee1491c DONE 0.3s\n");
}

TEST_CASE("cli.md 1.4, 9.3: nothing that others write becomes a control character", "[cli]") {
  const std::string evil = "a\x1b[31m\r\nb\x07";
  Log log(Look{.colour = true, .utf8 = true});
  log.event(Asking{Asking::For::base, evil, evil});
  log.event(Asking{Asking::For::push, evil, evil});
  log.event(PushChecked{evil, evil, evil});
  StepDone base = base_done();
  base.instruction = base.base.name = base.base.via = evil;
  base.platform = base.stage = evil;
  log.event(base);
  log.event(StepDone{StepKind::config, evil, 0, 1, evil});
  BlobMoved blob = moved(blob_a, 0, 1);
  blob.digest = evil;
  log.event(blob);
  log.event(Retrying{.host = evil, .reason = evil});
  log.event(Pulled{evil, evil, evil});
  log.event(Pushed{evil, evil});
  log.event(ContextRead{evil, 1, 1, 1});
  const std::string text = log.taken();
  CHECK(std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\n' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
  }));
  CHECK(std::count(text.begin(), text.end(), '\n') == 10);
}
