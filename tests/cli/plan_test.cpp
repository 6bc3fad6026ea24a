// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "program_fixture.hpp"
#include "rebuild_text.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Json = nlohmann::json;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

struct Project : test::Program {
  Project() {
    dir.write("app/Dockerfile", "FROM scratch\nCOPY a /a\nCOPY b /b\nENV X=1\n");
    dir.write("app/a", "one");
    dir.write("app/b", "two");
  }

  /// What is below the directory: contents and times of change.
  std::map<std::string, std::string> tree() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(dir.path())) {
      const auto name = entry.path().filename();
      if (name == "stdin" || name == "stdout") continue;  // of the fixture
      std::string& text = files[entry.path().string()];
      if (entry.is_regular_file()) text = test::read_text(entry.path());
      text += ' ' + std::to_string(entry.last_write_time().time_since_epoch().count());
    }
    return files;
  }

  std::vector<Json> lines() const {
    std::vector<Json> found;
    std::istringstream in(out);
    for (std::string line; std::getline(in, line);) found.push_back(Json::parse(line));
    return found;
  }
};

}  // namespace

TEST_CASE("cli.md 4.18: plan and --dry-run write no file of any flag, no record and no store",
          "[cli]") {
  Project project;
  const auto nothing = project.tree();
  const std::initializer_list<std::string> all = {"plan",
                                                  "-t",
                                                  "app:1",
                                                  "--iidfile",
                                                  "id",
                                                  "--metadata-file",
                                                  "meta.json",
                                                  "--digest-file",
                                                  "digest",
                                                  "-o",
                                                  "type=oci,dest=out.tar",
                                                  "app"};
  CHECK(project.run(all) == 0);
  CHECK(project.tree() == nothing);
  const std::string planned = project.out;
  CHECK(project.run({"build", "--dry-run", "-t", "app:1", "app"}) == 0);
  CHECK(project.out == planned);
  CHECK(project.tree() == nothing);
  REQUIRE(project.run({"-t", "app:1", "--iidfile", "id", "./app"}) == 0);
  project.dir.write("app/b", "changed");
  const auto built = project.tree();
  CHECK(project.run(all) == 0);
  CHECK(project.tree() == built);
}

TEST_CASE("cli.md 4.18: the table has a line for each layer, with why it would be made", "[cli]") {
  Project project;
  REQUIRE(project.run({"--platform=linux/amd64", "./app"}) == 0);
  project.dir.write("app/b", "changed");
  CHECK(project.run({"plan", "--platform=linux/amd64", "app"}) == 0);
  CHECK_THAT(project.out, Contains("linux/amd64 from scratch\nLAYER   SIZE "));
  CHECK_THAT(project.out, Contains("reuse   "));
  CHECK_THAT(project.out,
             Contains("make    at most 2.0 kB   COPY b /b     Dockerfile:3   /b: content\n"));
  CHECK_THAT(project.out, Contains("\nnothing would be fetched or sent\n"));
}

TEST_CASE("cli.md 4.18: --format json has an object a line", "[cli]") {
  Project project;
  REQUIRE(project.run({"./app"}) == 0);
  fs::permissions(project.dir / "app/a", fs::perms(0700));
  CHECK(project.run({"plan", "--format", "json", "app"}) == 0);
  const std::vector<Json> lines = project.lines();
  REQUIRE(lines.size() == 3);
  CHECK(lines[0]["Kind"] == "image");
  CHECK(lines[1]["State"] == "built");
  CHECK(lines[1]["Source"] == "Dockerfile:2");
  CHECK(lines[1]["Causes"] == Json::parse(R"([{"Kind":"file-mode","Name":"/a","Before":"0644",
                                              "After":"0700"}])"));
  CHECK(lines[2]["State"] == "reused");
  CHECK(lines[2]["SizeBytes"] > 0);
  CHECK(project.run({"build", "--dry-run", "--format=json", "app"}) == 0);
  CHECK(project.lines().size() == 3);
  CHECK(project.run({"plan", "--format", "docker", "app"}) == 0);
  CHECK(project.run({"plan", "--format", "xml", "app"}) == 2);
}

TEST_CASE("cli.md 4.18: a plan ends as the build would", "[cli]") {
  Project project;
  project.dir.write("app/Dockerfile", "FROM scratch\nCOPY missing /a\n");
  CHECK(project.run({"plan", "app"}) == 1);
  CHECK_THAT(project.err, Contains("error[copy-source-missing]"));
  project.dir.write("app/Dockerfile", "FROM not-here\nCOPY a /a\n");
  CHECK(project.run({"plan", "--pull=never", "app"}) == 5);
  CHECK(project.run({"plan", "--frobnicate", "app"}) == 2);
  CHECK(project.run({"plan", "--push", "app"}) == 2);
}

TEST_CASE("cli.md 4.19: --explain says below the step's line why it was made", "[cli]") {
  Project project;
  REQUIRE(project.run({"--explain", "./app"}) == 0);
  CHECK_THAT(project.err, Contains("because first build of this step\n"));
  project.dir.write("app/b", "changed");
  REQUIRE(project.run({"./app"}) == 0);
  CHECK_THAT(project.err, !Contains("because"));
  project.dir.write("app/b", "again!");
  REQUIRE(project.run({"--explain", "./app"}) == 0);
  CHECK_THAT(test::steady(project.err),
             Contains("COPY b /b 2.0kB -> 86B DONE T\n#3 because /b: content\n"));
  CHECK_THAT(project.err, Contains(" COPY a /a 2.0kB -> 83B CACHED\n"));
  project.dir.write("app/b", "and again");
  REQUIRE(project.run({"--explain", "app/../app/"}) == 0);
  CHECK_THAT(project.err, Contains("because /b: content\n"));
  project.dir.write("app/b", "third");
  REQUIRE(project.run({"--explain", "--progress=rawjson", "./app"}) == 0);
  CHECK_THAT(project.err, Contains("\"data\":\"YmVjYXVzZSAvYjogY29udGVudAo=\""));
}

TEST_CASE("cli.md 4.18, 4.19: each cause has its own words, and a word for programs", "[cli]") {
  using Words = std::vector<std::string>;
  const auto words = [](const RebuildCause& cause) {
    return Words{std::string(program::cause_word(cause.kind)), program::cause_text(cause)};
  };
  const RebuildCause changed{Cause::first_build, "n", "x", "y"};
  const std::pair<Cause, Words> all[] = {
      {Cause::first_build, {"first-build", "first build of this step"}},
      {Cause::no_cache, {"no-cache", "--no-cache-filter n"}},
      {Cause::instruction, {"instruction", "instruction: it was x"}},
      {Cause::variable, {"variable", "variable n: x -> y"}},
      {Cause::destination, {"destination", "destination: x -> y"}},
      {Cause::user, {"user", "user: x -> y"}},
      {Cause::base, {"base", "base: x -> y"}},
      {Cause::source_image, {"source-image", "image of --from: x -> y"}},
      {Cause::compression, {"compression", "compression: x -> y"}},
      {Cause::file_times, {"file-times", "file times: x -> y"}},
      {Cause::format,
       {"format", "another release of ocibuild or of its libraries writes layers differently"}},
      {Cause::file_added, {"file-added", "n is new"}},
      {Cause::file_removed, {"file-removed", "n is gone"}},
      {Cause::file_type, {"file-type", "n: x -> y"}},
      {Cause::file_content, {"file-content", "n: content"}},
      {Cause::file_mode, {"file-mode", "n: mode x -> y"}},
      {Cause::file_owner, {"file-owner", "n: owner x -> y"}},
      {Cause::file_time, {"file-time", "n: time x -> y"}},
      {Cause::file_target, {"file-target", "n: target x -> y"}},
      {Cause::file_attributes, {"file-attributes", "n: attributes"}},
      {Cause::files_unknown,
       {"files-unknown", "files cannot be compared: the earlier layer is no longer in the store"}},
      {Cause::lost, {"lost", "nothing changed, but the earlier layer or its record is gone"}},
      {Cause::not_here, {"not-here", "not known without the n, to be fetched first"}}};
  std::size_t number = 0;
  for (const auto& [kind, wanted] : all) {
    CHECK(kind == static_cast<Cause>(number++));
    RebuildCause cause = changed;
    cause.kind = kind;
    CHECK(words(cause) == wanted);
  }
  CHECK(program::cause_word(static_cast<Cause>(number)).empty());  // there is no other
}

TEST_CASE("cli.md 4.19: the image of --from and the time of a file are told", "[cli]") {
  Project project;
  project.dir.write("tools/Dockerfile", "FROM scratch\nCOPY t /t\n");
  project.dir.write("tools/t", "one");
  REQUIRE(project.run({"-q", "-t", "tools", "./tools"}) == 0);
  project.dir.write("app/Dockerfile", "FROM scratch\nCOPY --from=tools /t /u\n");
  const std::vector<std::string> build = {"--explain", "--timestamps=preserve", "./app"};
  REQUIRE(project.run(build) == 0);
  project.dir.write("tools/t", "two");
  REQUIRE(project.run({"-q", "-t", "tools", "./tools"}) == 0);
  REQUIRE(project.run(build) == 0);
  CHECK_THAT(project.err, Contains("because image of --from: tools:latest sha256:") &&
                              Contains("because /u: content\n"));
  project.dir.write("app/Dockerfile", "FROM scratch\nCOPY a /a\n");
  const auto touch = [&](int seconds) {
    const auto time = std::chrono::sys_seconds(std::chrono::seconds(seconds));
    std::filesystem::last_write_time(project.dir / "app/a",
                                     std::chrono::file_clock::from_sys(time));
  };
  touch(1000);
  REQUIRE(project.run(build) == 0);
  touch(2000);
  REQUIRE(project.run(build) == 0);
  CHECK_THAT(project.err, Contains("because /a: time 1000 -> 2000\n"));
}

TEST_CASE("cli.md 4.19: what comes from a file name or a Dockerfile is printable, and cut",
          "[cli]") {
  using program::cause_text;
  CHECK(cause_text({Cause::file_added, "/a\x1b[31m"}) == "/a\\x1b[31m is new");
  CHECK(cause_text({Cause::variable, "A", "", "x\ny"}) == "variable A: none -> x\\ny");
  CHECK(cause_text({Cause::base, "", "a:1 sha256:" + std::string(64, 'a'), ""}) ==
        "base: a:1 sha256:aaaaaaaaaaaa -> none");
  const std::vector<RebuildCause> many(7, {Cause::file_removed, "/x"});
  CHECK(program::cause_lines(many, 2) ==
        std::vector<std::string>{"/x is gone", "/x is gone", "and 5 more"});
}
