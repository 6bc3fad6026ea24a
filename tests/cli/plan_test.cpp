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
