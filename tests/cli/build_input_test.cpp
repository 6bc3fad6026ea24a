// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/image_store.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"

using namespace ocibuild;
using Catch::Matchers::Contains;

namespace {

struct Project : test::Program {
  Project() { environment["TMPDIR"] = dir.path().string(); }

  /// Standard input becomes a tar of the directory `files`.
  void pack(const std::string& flags = {}) {
    test::shell("tar " + flags + " -cf '" + (dir / "t.tar").string() + "' -C '" +
                (dir / "files").string() + "' .");
    input = test::read_text(dir / "t.tar");
  }
  std::string text(const std::string& name) { return test::read_text(dir / name); }
  bool has(const std::string& name) { return std::filesystem::exists(dir / name); }
  /// Nothing of standard input is left where it was kept.
  bool is_clean() {
    return std::ranges::none_of(
        std::filesystem::directory_iterator(dir.path()),
        [](const auto& at) { return at.path().filename().string().starts_with("ocibuild-"); });
  }
  ImageDetails image(const std::string& name) {
    const ImageStore store(dir / "home/.local/share/ocibuild");
    return store.details(store.find(name));
  }
};

}  // namespace

TEST_CASE("cli.md 4.12: a tar on standard input is the context, compressed or not", "[cli]") {
  Project project;
  project.dir.write("files/Dockerfile", "FROM scratch\nCOPY --chown=3 . /x/\n");
  project.dir.write("files/sub/Df", "FROM scratch\nCOPY sub /y/\n");
  project.dir.write("files/.dockerignore", "hidden\n");
  project.dir.write("files/hidden", "seen", 0640);
  project.dir.symlink("files/link", "sub");
  for (const std::string flags : {"", "-z", "-J", "-j"}) {
    project.pack(flags);
    REQUIRE(project.run({"-o", "out" + flags, "-"}) == 0);
    CHECK_THAT(project.err, Contains("context - 4 files "));
    CHECK(project.text("out" + flags + "/x/hidden") == "seen");
    CHECK(std::filesystem::is_symlink(project.dir / ("out" + flags + "/x/link")));
  }
  CHECK(project.is_clean());
  REQUIRE(project.run({"-o", "other", "-f", "link/Df", "-"}) == 0);
  CHECK(project.has("other/y/Df"));
  CHECK(project.run({"-f", "nope", "-"}) == 1);
  CHECK_THAT(project.err, Contains("error[dockerfile-missing]: there is no \"nope\" in the tar"));
}

TEST_CASE("cli.md 4.12: a context in a tar gives the layers of the same directory", "[cli]") {
  Project project;
  project.dir.write("files/Dockerfile", "FROM scratch\nCOPY . /x/\n");
  project.dir.write("files/a/run", "1", 0755);
  project.pack();
  REQUIRE(project.run({"-q", "-"}) == 0);
  const std::string id = project.out;
  REQUIRE(project.run({"-q", "files"}) == 0);
  CHECK(project.out == id);
}

TEST_CASE("cli.md 4.12: what is no tar is a Dockerfile without a context", "[cli]") {
  Project project;
  project.input = "FROM scratch\nLABEL a=b\n";
  CHECK(project.run({"-t", "app", "-"}) == 0);
  CHECK(project.image("app").config.config.labels.at("a") == "b");
  CHECK(project.run({"check", "-"}) == 0);
  project.input = "FROM scratch\nCOPY a /\n";
  CHECK(project.run({"-"}) == 1);
  CHECK_THAT(project.err, Contains("error[copy-source-missing]: 'a' is not in the build context"));
  CHECK(project.run({"-f", "Dockerfile", "-"}) == 2);
  CHECK_THAT(project.err, Contains("error[context-not-a-tar]"));
}

TEST_CASE("cli.md 4.13: --ignorefile takes the place of the other files of rules", "[cli]") {
  Project project;
  project.dir.write("c/Dockerfile", "FROM scratch\nCOPY . /\n");
  project.dir.write("c/.dockerignore", "b\n");
  project.dir.write("c/a", "");
  project.dir.write("c/b", "");
  project.dir.write("rules", "a\n");
  REQUIRE(project.run({"-o", "out", "--ignorefile", "rules", "c"}) == 0);
  CHECK(!project.has("out/a"));
  CHECK(project.has("out/b"));
}

TEST_CASE("cli.md 4.14: --no-cache-filter makes the layers of some stages anew", "[cli]") {
  Project project;
  project.dir.write("Dockerfile", "FROM scratch AS low\nCOPY a /\nFROM low AS High\nCOPY b /\n");
  project.dir.write("a", "");
  project.dir.write("b", "");
  REQUIRE(project.run({"."}) == 0);
  REQUIRE(project.run({"--no-cache-filter", "other,HIGH", "."}) == 2);
  CHECK_THAT(project.err, Contains("error[stage-unknown]: no stage is called \"other\""));
  REQUIRE(project.run({"--no-cache-filter", "HIGH", "."}) == 0);
  CHECK_THAT(project.err, Contains("1 layer built"));
}

TEST_CASE("cli.md 4.15: --omit-history leaves the config without one", "[cli]") {
  Project project;
  project.dir.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  REQUIRE(project.run({"-t", "app", "--omit-history", "."}) == 0);
  CHECK(project.image("app").config.history.empty());
  CHECK(project.image("app").config.diff_ids.size() == 1);
  REQUIRE(project.run({"-t", "app", "."}) == 0);
  CHECK(project.image("app").config.history.size() == 1);
}

TEST_CASE("cli.md 4.16: --no-push wins over everything that pushes", "[cli]") {
  Project project;
  project.dir.write("Dockerfile", "FROM scratch\nLABEL a=b\n");
  CHECK(project.run({"-t", "reg.invalid/app", "--push", "--no-push", "."}) == 0);
  CHECK(project.image("reg.invalid/app").config.config.labels.at("a") == "b");
  CHECK(project.run({"-o", "type=registry", "--no-push", "."}) == 0);
}

TEST_CASE("cli.md 4.17: --source-date-epoch git is the time of the last commit", "[cli]") {
  if (!test::has_program("git")) return;
  Project project;
  project.dir.write("Dockerfile", "FROM scratch\nLABEL a=b\n");
  CHECK(project.run({"--source-date-epoch", "git", "."}) == 1);
  CHECK_THAT(project.err, Contains("error[commit-time-unknown]: the time of the last commit of "));
  test::shell("cd '" + project.dir.path().string() +
              "' && git init -q . && git -c user.name=a -c user.email=a@b add Dockerfile && "
              "GIT_COMMITTER_DATE='1700000000 +0500' git -c user.name=a -c user.email=a@b "
              "commit -q -m x");
  REQUIRE(project.run({"-t", "app", "--source-date-epoch", "git", "."}) == 0);
  CHECK(project.image("app").config.created == "2023-11-14T22:13:20Z");
}
