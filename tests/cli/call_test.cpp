// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using test::Program;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

constexpr const char* dockerfile =
    "# syntax=docker/dockerfile:1\n"         // 1
    "# VERSION of the base\n"                // 2
    "ARG VERSION=3.20\n"                     // 3
    "ARG SUFFIX=-slim\n"                     // 4
    "ARG TAG=${VERSION}${SUFFIX}\n"          // 5
    "ARG UNUSED=1\n"                         // 6
    "\n"                                     // 7
    "# builder compiles\n"                   // 8
    "# and more\n"                           // 9
    "FROM example.com/go:$TAG AS Builder\n"  // 10
    "# MODE is release or debug\n"           // 11
    "ARG MODE=release\n"                     // 12
    "ARG TARGETARCH\n"                       // 13
    "ARG FLAGS=-$MODE\n"                     // 14
    "RUN --mount=type=secret,id=token,required --mount=type=ssh \\\n"
    "  make\n"                                          // 15, 16
    "FROM scratch AS docs\n"                            // 17
    "# PAPER for printing\n"                            // 18
    "ARG PAPER\n"                                       // 19
    "\n"                                                // 20
    "# app what runs in production\n"                   // 21
    "FROM --platform=$TARGETPLATFORM scratch AS app\n"  // 22
    "ARG VERSION\n"                                     // 23
    "COPY --from=builder /a /\n"                        // 24
    "FROM app\n";                                       // 25

struct Project : Program {
  Project() { dir.write("app/Dockerfile", dockerfile); }
  Json json(const program::Arguments& arguments) {
    REQUIRE(run(arguments) == 0);
    return Json::parse(out);
  }
};

Json lines(unsigned first, unsigned last) {
  Json ranges = Json::array();
  for (unsigned line = first; line <= last; ++line)
    ranges.push_back({{"start", {{"line", line}}}, {"end", {{"line", line}}}});
  return {{"ranges", ranges}};
}

}  // namespace

TEST_CASE_METHOD(Project, "cli.md 6.18: --call targets lists the stages with their comments",
                 "[cli]") {
  CHECK(run({"build", "--call=targets", "app"}) == 0);
  CHECK(out ==
        "TARGET    DESCRIPTION\n"
        "builder   compiles\n"
        "docs\n"
        "app       what runs in production\n"
        "(default)\n");
  CHECK(err.empty());
  input = "FROM scratch AS a\nFROM scratch AS b\n";
  CHECK(run({"build", "--call", "targets", "-f", "-", "app"}) == 0);
  CHECK(out == "TARGET      DESCRIPTION\na\nb (default)\n");
}

TEST_CASE_METHOD(Project, "cli.md 6.19: --call outline shows what the target and its stages take",
                 "[cli]") {
  CHECK(run({"build", "--call=outline", "--target=app", "--build-arg", "MODE=debug", "app"}) == 0);
  CHECK(out ==
        "TARGET:      app\n"
        "DESCRIPTION: what runs in production\n"
        "\n"
        "BUILD ARG   VALUE       DESCRIPTION\n"
        "VERSION     3.20        of the base\n"
        "SUFFIX      -slim\n"
        "TAG         3.20-slim\n"
        "MODE        debug       is release or debug\n"
        "FLAGS       -debug\n"
        "\n"
        "SECRET   REQUIRED\n"
        "token    true\n"
        "\n"
        "SSH       REQUIRED\n"
        "default\n\n");
  CHECK(run({"build", "--call=outline", "--target=docs", "app"}) == 0);
  CHECK(out ==
        "TARGET: docs\n\nBUILD ARG   VALUE   DESCRIPTION\nPAPER               for printing\n\n");
  // What is given changes what is read: TAG's default is not looked at then.
  CHECK(run({"build", "--call=outline", "--target=builder", "--build-arg=TAG=1", "app"}) == 0);
  CHECK(out.find("SUFFIX") == std::string::npos);
  CHECK(out.find("TAG         1\n") != std::string::npos);
}

TEST_CASE_METHOD(Project, "cli.md 6.19: an argument that a missing base decides has no value",
                 "[cli]") {
  input =
      "FROM example.com/base\nARG A=$FROM_BASE\nARG B=b\nARG C=/x:$PATH\n"
      "RUN --mount=type=secret,id=$FROM_BASE-$B true\n";
  CHECK(run({"build", "--call=outline", "-f", "-", "app"}) == 0);
  CHECK(out ==
        "BUILD ARG   VALUE   DESCRIPTION\nA\nB           b\nC\n\n"
        "SECRET          REQUIRED\n$FROM_BASE-$B\n\n");
}

TEST_CASE_METHOD(Project, "cli.md 6.19: arguments of one line stay in their order", "[cli]") {
  input = "ARG Z=2 Y=3\nFROM scratch\nARG C=1 A=2 B=$A \\\n  C=4\nARG Y\nARG Z\n";
  CHECK(run({"build", "--call=outline", "-f", "-", "app"}) == 0);
  CHECK(out ==
        "BUILD ARG   VALUE   DESCRIPTION\nZ           2\nY           3\nA           2\n"
        "B           2\nC           4\n\n");
}

TEST_CASE_METHOD(Project, "cli.md 6.19: values are those of the platform that is asked for",
                 "[cli]") {
  input = "FROM scratch\nARG TARGETARCH\nARG FILE=app-$TARGETARCH\n";
  CHECK(run({"build", "--call=outline", "--platform=linux/riscv64", "-f", "-", "app"}) == 0);
  CHECK(out == "BUILD ARG   VALUE         DESCRIPTION\nFILE        app-riscv64\n\n");
}

TEST_CASE_METHOD(Project, "cli.md 6.20: the JSON of --call has BuildKit's keys", "[cli]") {
  const Json targets = json({"build", "--call=targets,format=json", "app"});
  REQUIRE(targets["targets"].size() == 4);
  CHECK(targets["targets"][0] == Json{{"name", "builder"},
                                      {"description", "compiles"},
                                      {"base", "example.com/go:$TAG"},
                                      {"location", lines(10, 10)}});
  CHECK(targets["targets"][2]["platform"] == "$TARGETPLATFORM");
  CHECK(targets["targets"][3] ==
        Json{{"default", true}, {"base", "app"}, {"location", lines(25, 25)}});
  CHECK(targets["sources"][0].get<std::string>().starts_with("IyBzeW50YXg9"));

  const Json outline = json({"build", "--call=outline,format=json", "--target", "builder", "app"});
  CHECK(outline["name"] == "builder");
  CHECK(outline["description"] == "compiles");
  CHECK(outline["args"][3] == Json{{"name", "MODE"},
                                   {"description", "is release or debug"},
                                   {"value", "release"},
                                   {"location", lines(12, 12)}});
  CHECK(outline["secrets"] ==
        Json::array({{{"name", "token"}, {"required", true}, {"location", lines(15, 16)}}}));
  CHECK(outline["ssh"] == Json::array({{{"name", "default"}, {"location", lines(15, 16)}}}));
  CHECK(outline["sources"].size() == 1);
}

TEST_CASE_METHOD(Project, "cli.md 6.18: --call refuses formats and keys that it does not have",
                 "[cli]") {
  CHECK(run({"build", "--call=targets,format=github", "app"}) == 2);
  CHECK(err == "error: --call,format= takes text or json, not 'github'\nsee: ocibuild build -h\n");
  CHECK(run({"build", "--call=targets,form=json", "app"}) == 2);
  CHECK(err ==
        "error: --call targets,form=json: the only key is format=\nsee: ocibuild build -h\n");
}

TEST_CASE_METHOD(Project, "cli.md 6.18: mistakes are errors, RUN is none, and nothing is written",
                 "[cli]") {
  input = "FROM scratch\nCOPPY a b\n";
  CHECK(run({"build", "--call=targets", "-f", "-", "app"}) == 1);
  CHECK(err.find("error[unknown-instruction]") != std::string::npos);
  CHECK(run({"build", "--call=outline", "--target=nowhere", "app"}) == 1);
  CHECK(err.find("error[stage-unknown]") != std::string::npos);
  CHECK(run({"build", "--call=outline", "--iidfile", "id", "app"}) == 0);
  CHECK(!fs::exists(dir / "id"));
  CHECK(!fs::exists(dir / "home"));
}
