// SPDX-License-Identifier: Apache-2.0
#include "ci_log.hpp"

#include <regex>

#include "program_fixture.hpp"
#include "progress_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

constexpr const char* port_annotation =
    "::error file=app/Dockerfile,line=2,col=8,endColumn=13,title=port-invalid::\"a:b,c\" is no "
    "port: a port is a number from 0 to 65535%0Ahelp: write 80, 8000-8010 or 53/udp\n";
constexpr const char* shell_annotation =
    "::warning file=app/Dockerfile,line=3,col=1,endColumn=4,title=JSONArgsRecommended::";

/// In a job of GitHub, with the Dockerfile in a directory of the checkout.
class GithubJob : public test::Program {
public:
  GithubJob() {
    environment["GITHUB_ACTIONS"] = "true";
    dir.write("app/Dockerfile", "FROM scratch\nCOPY f /\nCMD x\n");
    dir.write("app/f", "f");
  }
  void make_mistake() { dir.write("app/Dockerfile", "FROM scratch\nEXPOSE a:b,c\n"); }
};

std::size_t annotations(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find("::", at)) != std::string::npos; ++at)
    count += at == 0 || text[at - 1] == '\n' ? 1 : 0;
  return count;
}

/// Times and the numbers behind names replaced.
std::string without_times(const std::string& text) {
  return std::regex_replace(text, std::regex("(section_[a-z]+):[0-9]+:(ocibuild_[a-z]+)_[0-9]+"),
                            "$1:T:$2_N");
}

}  // namespace

TEST_CASE_METHOD(GithubJob,
                 "cli.md 9.7: in a job of GitHub an error of the Dockerfile is an annotation too",
                 "[cli]") {
  make_mistake();
  CHECK(run({"build", "app"}) == 1);
  CHECK_THAT(err, StartsWith("error[port-invalid]: ") && EndsWith(port_annotation));
  CHECK(annotations(err) == 1);
  CHECK(run({"-q", "./app"}) == 1);
  CHECK_THAT(err, EndsWith(port_annotation));
  dir.write("app/.dockerignore", "a\n!\n");
  dir.write("app/Dockerfile", "FROM scratch\n");
  CHECK(run({"build", "app"}) == 1);
  CHECK_THAT(err, Contains("\n::error file=app/.dockerignore,line=2,col=1,"));
}

TEST_CASE_METHOD(GithubJob, "cli.md 9.7: a warning is an annotation too, of a build and of a check",
                 "[cli]") {
  CHECK(run({"build", "app"}) == 0);
  CHECK_THAT(err, Contains(std::string("\n") + shell_annotation));
  CHECK(annotations(err) == 1);
  CHECK(run({"check", "app"}) == 1);
  CHECK(annotations(out) == 0);
  CHECK_THAT(err, StartsWith(shell_annotation));
  CHECK(run({"check", "--format=github", "app"}) == 1);
  CHECK_THAT(out, StartsWith(shell_annotation));
  CHECK(annotations(err) == 0);
  CHECK(run({"-q", "app"}) == 0);
  CHECK(err.empty());
}

TEST_CASE_METHOD(GithubJob,
                 "cli.md 6.18, 9.7: mistakes of a Dockerfile that is described are annotations too",
                 "[cli]") {
  dir.write("app/Dockerfile", "FROM scratch\nCOPPY f /\n");
  for (const char* call : {"targets", "outline"}) {
    CHECK(run({"build", "--call", call, "app"}) == 1);
    CHECK_THAT(err, Contains("\n::error file=app/Dockerfile,line=2,col=1,"));
    CHECK(out.empty());
  }
}

TEST_CASE_METHOD(GithubJob,
                 "cli.md 9.7: what is no Dockerfile's, or switched off, is no annotation",
                 "[cli]") {
  CHECK(run({"build", "nowhere"}) == 1);
  CHECK(annotations(err) == 0);
  make_mistake();
  CHECK(run({"build", "--progress=rawjson", "app"}) == 1);
  CHECK(annotations(err) == 0);
  environment["OCIBUILD_CI"] = "0";
  CHECK(run({"build", "app"}) == 1);
  CHECK(annotations(err) == 0);
  environment = {{"HOME", environment["HOME"]}};
  CHECK(run({"build", "app"}) == 1);
  CHECK(annotations(err) == 0);
}

TEST_CASE("cli.md 9.7: what others write is never a command of GitHub", "[cli]") {
  test::TextKeeper keeper;
  CommandGuard guard(keeper);
  guard.write("::add-mask::a\na::b\n \t:");
  guard.write(":c\nd\n");
  guard.write("::e");
  CHECK(keeper.text == "\\::add-mask::a\na::b\n \t\\::c\nd\n\\::e");
}

TEST_CASE_METHOD(GithubJob, "cli.md 9.8: GitLab folds what a build does, and not how it ended",
                 "[cli]") {
  environment["GITHUB_ACTIONS"] = "";
  environment["GITLAB_CI"] = "true";
  dir.write("app/Dockerfile", "FROM scratch\nCOPY f /\nCMD [\"x\"]\n");
  CHECK(run({"build", "app"}) == 0);
  const std::string text = without_times(err);
  CHECK_THAT(text, StartsWith("\x1b[0Ksection_start:T:ocibuild_build_N\r\x1b[0KBuilding the image\n"
                              "#1 context "));
  const std::string end = " CMD DONE 0.0s\n\x1b[0Ksection_end:T:ocibuild_build_N\r\x1b[0K\n#";
  CHECK_THAT(text, Contains(end));
  CHECK(text.find('\x1b', text.find(end) + end.size()) == std::string::npos);
  environment["OCIBUILD_CI"] = "0";
  CHECK(run({"build", "app"}) == 0);
  CHECK(err.find('\x1b') == std::string::npos);
}

TEST_CASE("cli.md 9.8: pushing is a section of its own", "[cli]") {
  test::TextKeeper keeper;
  const auto view = make_gitlab_view(make_plain_view({&keeper}, {}), {&keeper});
  const Time now = std::chrono::steady_clock::now();
  view->on_event(Asking{Asking::For::push_check, "ghcr.io", "ghcr.io/a/b"}, now);
  view->on_event(PushChecked{"ghcr.io/a/b", "", "", std::chrono::nanoseconds{}}, now);
  view->on_event(StepDone{StepKind::config, "", 0, 1, "CMD x"}, now);
  view->on_event(Asking{Asking::For::push, "ghcr.io", "ghcr.io/a/b:1"}, now);
  view->on_event(Pushed{"ghcr.io/a/b:1", "sha256:fee1491c"}, now);
  view->close();
  CHECK(without_times(keeper.text) ==
        "\x1b[0Ksection_start:T:ocibuild_build_N\r\x1b[0KBuilding the image\n"
        "#1 push check ghcr.io/a/b\n"
        "#1 push check ghcr.io/a/b DONE 0.0s\n"
        "#2 CMD DONE 0.0s\n"
        "\x1b[0Ksection_end:T:ocibuild_build_N\r\x1b[0K\n"
        "\x1b[0Ksection_start:T:ocibuild_push_N\r\x1b[0KPushing\n"
        "#3 push ghcr.io/a/b:1\n"
        "#3 ghcr.io/a/b:1@sha256:fee1491c DONE 0.0s\n"
        "\x1b[0Ksection_end:T:ocibuild_push_N\r\x1b[0K\n");
  keeper.text.clear();
  view->on_event(Asking{Asking::For::pull, "ghcr.io", "ghcr.io/a/b:1"}, now);
  view->error(Error(Errc::failed, "x", "lost"), "error[x]: lost\n");
  CHECK(without_times(keeper.text) ==
        "\x1b[0Ksection_start:T:ocibuild_pull_N\r\x1b[0KPulling\n"
        "#4 pull ghcr.io/a/b:1, asking ghcr.io\n"
        "\x1b[0Ksection_end:T:ocibuild_pull_N\r\x1b[0K\n"
        "#4 pull ghcr.io/a/b:1, asking ghcr.io ERROR: lost\n"
        "error[x]: lost\n");
}
