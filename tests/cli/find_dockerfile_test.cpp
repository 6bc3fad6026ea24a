// SPDX-License-Identifier: Apache-2.0
// Which Dockerfile and which ignore file a build takes (docs/reference/dockerfile.md, 1).
#include <string>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Catch::Matchers::Contains;

namespace {

/// A Dockerfile that copies the context to /NAME, so that the output says which one was taken.
std::string dockerfile(const std::string& name) {
  return "FROM scratch\nCOPY . /" + name + "/\n";
}

struct Project : test::Program {
  Project() {
    dir.write("ctx/a", "a");
    dir.write("ctx/b", "b");
  }
  /// Output of a build of ctx, plain.
  std::string build(const program::Arguments& flags = {}) {
    program::Arguments words = {"build"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.push_back("ctx");
    CHECK(run(words) == 0);
    return err;
  }
};

}  // namespace

TEST_CASE("dockerfile.md 1.1: Dockerfile, then Containerfile, then dockerfile", "[cli]") {
  Project project;
  project.dir.write("ctx/dockerfile", dockerfile("third"));
  CHECK_THAT(project.build(), Contains("COPY . /third/"));
  project.dir.write("ctx/Containerfile", dockerfile("second"));
  CHECK_THAT(project.build(), Contains("COPY . /second/"));
  project.dir.write("ctx/Dockerfile", dockerfile("first"));
  CHECK_THAT(project.build(), Contains("COPY . /first/"));
}

TEST_CASE("dockerfile.md 1.2: a Dockerfile outside still copies from the context's root", "[cli]") {
  Project project;
  project.dir.write("elsewhere/my.df", "FROM scratch\nCOPY a b /x/\n");
  CHECK_THAT(project.build({"-f", "elsewhere/my.df"}), Contains("COPY a b /x/"));
  project.dir.write("ctx/sub/df", "FROM scratch\nCOPY a /x/\n");
  CHECK_THAT(project.build({"-f", "ctx/sub/df"}), Contains("COPY a /x/"));
}

TEST_CASE("dockerfile.md 1.4: the Dockerfile's own ignore file counts alone, even empty", "[cli]") {
  Project project;
  project.dir.write("ctx/Dockerfile", "FROM scratch\nCOPY a /\n");
  project.dir.write("ctx/.dockerignore", "a\n");
  CHECK(project.run({"build", "ctx"}) == 1);
  project.dir.write("ctx/other.dockerignore", "");
  CHECK(project.run({"build", "ctx"}) == 1);
  project.dir.write("ctx/Dockerfile.dockerignore", "");
  CHECK(project.run({"build", "ctx"}) == 0);
  project.dir.write("ctx/Dockerfile.dockerignore", "b\n");
  CHECK(project.run({"build", "ctx"}) == 0);
}

TEST_CASE(
    "dockerfile.md 1.3, 1.4: with a Dockerfile from standard input the context's ignore "
    "file counts",
    "[cli]") {
  Project project;
  project.input = "FROM scratch\nCOPY a /\n";
  project.dir.write("ctx/Dockerfile.dockerignore", "a\n");
  CHECK(project.run({"build", "-f", "-", "ctx"}) == 0);
  project.dir.write("ctx/.dockerignore", "a\n");
  CHECK(project.run({"build", "-f", "-", "ctx"}) == 1);
}

TEST_CASE("dockerfile.md 1.5, 12.6: a Dockerfile that is ignored is read and not copied", "[cli]") {
  Project project;
  project.dir.write("ctx/Dockerfile", "FROM scratch\nCOPY Dockerfile* /\n");
  CHECK_THAT(project.build(), !Contains("copy-no-match"));
  project.dir.write("ctx/.dockerignore", "Dockerfile\n");
  CHECK_THAT(project.build(), Contains("copy-no-match"));
}

TEST_CASE("dockerfile.md 1.6: a BOM is dropped, lines end in LF or CRLF, a lone CR is text",
          "[cli]") {
  Project project;
  project.dir.write("ctx/Dockerfile",
                    "\xEF\xBB\xBF"
                    "FROM scratch\r\nCOPY a /\r\n");
  CHECK_THAT(project.build(), Contains("COPY a /"));
  project.dir.write("ctx/Dockerfile", "FROM scratch\rCOPY a /\n");
  CHECK(project.run({"build", "ctx"}) == 1);
  project.dir.write("ctx/Dockerfile", "FROM scratch\nLABEL l=\xff" + std::string(100'000, 'x'));
  CHECK(project.run({"build", "ctx"}) == 0);
}
