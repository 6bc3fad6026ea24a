// SPDX-License-Identifier: Apache-2.0
#include "plan_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using test::Planned;
using test::Strings;

TEST_CASE("dockerfile.md 18.1: legacy pairs are warned about in stages that are built", "[plan]") {
  CHECK(Planned("FROM scratch AS a\nENV a b\nFROM scratch\nENV a b\nLABEL c d\n").warnings() ==
        Strings{"LegacyKeyValueFormat 4:1+3", "LegacyKeyValueFormat 5:1+5"});
}

TEST_CASE("dockerfile.md 18.1: FROM may use a name that is not declared, and is warned about it",
          "[plan]") {
  const Planned planned("ARG KNOWN\nFROM alpine${KNOWN}${UNKNOWN}${OTHER:-}\n");
  CHECK(planned.warnings() == Strings{"UndefinedArgInFrom 2:6+34"});
  // An error says it all.
  CHECK(Planned("FROM ${UNKNOWN}\n").warnings().empty());
}

TEST_CASE("dockerfile.md 18.1: a platform that says nothing, or too much", "[plan]") {
  CHECK(Planned("FROM --platform=$TARGETPLATFORM scratch\n").warnings() ==
        Strings{"RedundantTargetPlatform 1:17+15"});
  CHECK(Planned("FROM --platform=$BUILDPLATFORM scratch\n").warnings().empty());
  CHECK(Planned("FROM --platform=linux/arm64 scratch\n").warnings() ==
        Strings{"FromPlatformFlagConstDisallowed 1:17+11"});
  CHECK(Planned("FROM --platform=linux/arm64 scratch AS x-arm64\n").warnings().empty());
  CHECK(Planned("FROM --platform=linux/arm64 scratch AS linux\n").warnings().empty());
}

TEST_CASE("dockerfile.md 18.1: an image name must be right without --build-arg", "[plan]") {
  const std::string text = "ARG TAG\nFROM alpine:${TAG}\n";
  CHECK(Planned(text, {.build_args = {{"TAG", "3"}}}).warnings() ==
        Strings{"InvalidDefaultArgInFrom 2:6+13"});
  CHECK(Planned("ARG TAG=2\nFROM alpine:${TAG}\n", {.build_args = {{"TAG", "3"}}})
            .warnings()
            .empty());
}

TEST_CASE("dockerfile.md 18.1: the first WORKDIR of a file is absolute", "[plan]") {
  CHECK(Planned("FROM scratch AS a\nWORKDIR x\nWORKDIR y\nFROM a\nWORKDIR z\n").warnings() ==
        Strings{"WorkdirRelativePath 2:9+1"});
  // That of a base image does not count: it may change.
  ContainerConfig base;
  base.working_dir = "/w";
  CHECK(Planned("FROM base\nWORKDIR x\n", {}, {{"base", base}}).warnings() ==
        Strings{"WorkdirRelativePath 2:9+1"});
  CHECK(Planned("FROM scratch\nENV D=/x\nWORKDIR $D\nWORKDIR y\n").warnings().empty());
}

TEST_CASE("dockerfile.md 18.1: protocols of EXPOSE are written small", "[plan]") {
  CHECK(Planned("FROM scratch\nENV P=UDP\nEXPOSE 80/tcp 53/$P\n").warnings() ==
        Strings{"ExposeProtoCasing 3:15+5"});
}

namespace {

/// Findings of the last stage, whose base is not known.
Strings on_unknown_base(const std::string& lines) {
  support::Diagnostics diagnostics;
  const auto file = dockerfile::parse("Dockerfile", "FROM base\n" + lines, diagnostics);
  const auto graph = plan::build_stage_graph(file, {}, diagnostics);
  plan::StageStart start;
  start.variables.open();
  plan::evaluate(file, graph, 0, start, {}, diagnostics);
  Strings out = test::brief(diagnostics.errors());
  for (std::string& warning : test::brief(diagnostics.warnings())) out.push_back(warning);
  return out;
}

}  // namespace

TEST_CASE("dockerfile.md 18.4: nothing is said about names that an unknown base may set",
          "[plan]") {
  CHECK(on_unknown_base("VOLUME $DATA\nWORKDIR $HOME\nCOPY $FILE /\n").empty());
  CHECK(on_unknown_base("EXPOSE ${PORT:?needed}\nSTOPSIGNAL $SIG\n").empty());
  // What depends on such a name is as unknown.
  CHECK(on_unknown_base("ENV A=$B\nVOLUME $A\nARG C=$A\nVOLUME $C\n").empty());
}

TEST_CASE("dockerfile.md 18.4: on an unknown base a misspelt name is still found", "[plan]") {
  CHECK(on_unknown_base("ENV PREFIX=/x\nLABEL a=$PREFX\n") == Strings{"UndefinedVar 3:9+6"});
  CHECK(on_unknown_base("EXPOSE x\nSTOPSIGNAL $SIG\n") == Strings{"port-invalid 2:8+1"});
}

TEST_CASE("dockerfile.md 18.3: stages that nobody needs are looked at when that is asked for",
          "[plan]") {
  const std::string text =
      "FROM scratch AS base\nFROM scratch\nCOPY --from=bsae /a /a\nFROM base\n";
  CHECK(Planned(text).errors().empty());
  CHECK(Planned(text, {.every_stage = true}).errors() == Strings{"stage-unknown 3:13+4"});
}
