// SPDX-License-Identifier: Apache-2.0
#include "help.hpp"

#include <ocibuild/version.hpp>

#include <algorithm>
#include <sstream>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;

namespace {

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) longest = std::max(longest, line.size());
  return longest;
}

}  // namespace

TEST_CASE("cli.md 2.3: the short help fits 24 lines of 80 columns", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"-h"}) == 0);
  CHECK(ocibuild.out ==
        "Usage: ocibuild [FLAGS] [PATH]            build an image from a Dockerfile\n"
        "       ocibuild COMMAND [ARGS]\n"
        "Examples:\n"
        "  ocibuild -t app:1 .                     into the local store\n"
        "  ocibuild -t ghcr.io/me/app:1 --push .   straight to a registry\n"
        "  ocibuild -t app:1 -o type=docker,dest=- . | docker load\n"
        "Build:     -f FILE --target STAGE --build-arg K[=V] --platform OS/ARCH -t NAME\n"
        "           --label K=V\n"
        "Result:    -o SPEC --push --load --format oci|docker --iidfile FILE\n"
        "           --metadata-file FILE -q\n"
        "Network:   --pull=always|missing|newer|never\n"
        "           --registry-mirror [REG=]HOST[/PREFIX] --cacert FILE --authfile FILE\n"
        "           --offline\n"
        "Work:      --cache-dir DIR --no-cache -j N --root DIR\n"
        "Commands:  build plan check images inspect history tag rmi save load push pull\n"
        "           login logout doctor cache completion executor version help\n"
        "ocibuild build --help: every flag    ocibuild doctor: network or login trouble?\n");
  CHECK(std::count(ocibuild.out.begin(), ocibuild.out.end(), '\n') <= 24);
  CHECK(longest_line(ocibuild.out) <= 80);
}

TEST_CASE("cli.md 2.3: -h of a command shows its own flags and where the others are", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"load", "-h"}) == 0);
  CHECK(ocibuild.out ==
        "Usage: ocibuild load [FLAGS]\n"
        "Read every image of an archive or OCI layout into the store.\n"
        "Example: docker save alpine | ocibuild load\n"
        "\n"
        "Flags:\n"
        "  -i, --input FILE|DIR|-    archive or directory that ocibuild, docker, podman,\n"
        "                            skopeo or umoci wrote [-]\n"
        "  -q, --quiet               no progress; the names are printed all the same\n"
        "\n"
        "Network:   --offline\n"
        "Work:      --root DIR\n"
        "ocibuild load --help: every flag\n");
}

TEST_CASE("cli.md 2.3, 8.1: the help lists every exit code", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"--help"}) == 0);
  const std::string codes = ocibuild.out.substr(ocibuild.out.find("\nExit status:\n"));
  for (const std::string code : {"0", "1", "2", "3", "4", "5", "6", "100", "130, 143"})
    CHECK_THAT(codes, Catch::Matchers::Contains("\n  " + code + "  "));
}

TEST_CASE("cli.md 2.3: no help of any command is wider than 80 columns", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"--help"}) == 0);
  CHECK(longest_line(ocibuild.out) <= 80);
  for (const char* word : {"cache", "image", "buildx", "builder", "system", "help"}) {
    CHECK(ocibuild.run({word, "--help"}) == 0);
    CHECK(longest_line(ocibuild.out) <= 80);
  }
  for (const CommandInfo& command : command_table()) {
    for (const std::string flag : {"-h", "--help"}) {
      CHECK(ocibuild.run({std::string(command.name), flag}) == 0);
      INFO(ocibuild.out);
      CHECK(longest_line(ocibuild.out) <= 80);
      CHECK(ocibuild.err.empty());
      CHECK((flag == "--help" || std::count(ocibuild.out.begin(), ocibuild.out.end(), '\n') <= 24));
    }
  }
}

TEST_CASE("the full help of build shows every flag in groups, also those it refuses", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"help", "build"}) == 0);
  for (const Flag& flag : flag_table()) {
    if ((flag.commands & build_command) == 0) continue;
    CHECK_THAT(ocibuild.out, Catch::Matchers::Contains("--" + std::string(flag.name)));
  }
  const std::size_t input = ocibuild.out.find("\nInput:\n");
  const std::size_t output = ocibuild.out.find("\nName and output:\n");
  CHECK(input < output);
  CHECK(output < ocibuild.out.find("\nCache and work:\n"));
}

TEST_CASE("no argument at all is a mistake that gets the short help", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run(Arguments{}) == 2);
  CHECK(ocibuild.out.empty());
  CHECK(ocibuild.err == short_help());
}

TEST_CASE("the version is one line, wherever it is asked for", "[cli]") {
  test::Program ocibuild;
  for (const std::string word : {"-v", "--version", "version"}) {
    CHECK(ocibuild.run({word}) == 0);
    CHECK(ocibuild.out == "ocibuild " OCIBUILD_VERSION "\n");
  }
  CHECK(ocibuild.run({"version", "--format", "json"}) == 0);
  CHECK_THAT(ocibuild.out, Catch::Matchers::StartsWith("{\"version\":\"" OCIBUILD_VERSION "\","));
}
