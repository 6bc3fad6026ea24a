// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 6.11: ONBUILD.
#include "plan/stage_graph.hpp"
#include "plan_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;

namespace {

using Images = std::map<std::string, ContainerConfig>;

/// One base, "base:latest", with these triggers.
Images base_with(Strings triggers) {
  ContainerConfig config;
  config.on_build = std::move(triggers);
  return {{"base:latest", config}};
}

}  // namespace

TEST_CASE("dockerfile.md 6.11, 15.1: triggers of an image run first, each with an entry in history",
          "[plan]") {
  const Planned planned("FROM base\nENV C=$B\n", {},
                        base_with({"ENV B=trigger", "copy  f   /d/", "WORKDIR /w"}));
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.history() ==
        Strings{"ENV B=trigger", "COPY f /d/ # buildkit", "WORKDIR /w", "ENV C=trigger"});
  CHECK(planned.config().on_build.empty());
  CHECK(planned.config().working_dir == "/w");
}

TEST_CASE("dockerfile.md 6.11: triggers of a stage run in each stage that starts from it, once",
          "[plan]") {
  const Planned planned(
      "FROM scratch AS a\nONBUILD ENV X=$Y\nUSER a\nFROM a AS b\nARG Y=late\nFROM b\nUSER c\n");
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.history() == Strings{"USER c"});
  CHECK(planned.stages.at(1).steps.front().created_by == "ENV X=");
  CHECK(planned.config().on_build.empty());
}

TEST_CASE("dockerfile.md 13.13, 14.8, 6.10: the target keeps its own ONBUILD, without history",
          "[plan]") {
  const Planned planned("FROM base\nONBUILD RUN   echo   hi\nUSER x\nONBUILD user y\n", {},
                        base_with({"USER z"}));
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.config().on_build == Strings{"RUN   echo   hi", "user y"});
  CHECK(planned.history() == Strings{"USER z", "USER x"});
}

TEST_CASE("dockerfile.md 6.11: triggers see the child's arguments", "[plan]") {
  const Images images = base_with({"ARG V=1", "LABEL v=$V"});
  CHECK(Planned("FROM base\n", {.build_args = {{"V", "2"}}}, images).config().labels.at("v") ==
        "2");
  CHECK(Planned("FROM base\n", {.build_args = {{"V", "2"}}}, images).warnings() == Strings{});
}

TEST_CASE("dockerfile.md 6.8, 6.11: COPY --from in a trigger makes the child's stage needed",
          "[plan]") {
  const Images images = base_with({"COPY --from=Files a b"});
  const Planned planned(
      "FROM scratch AS other\nFROM base AS files\nUSER x\nFROM scratch AS empty\nFROM base\n", {},
      base_with({"COPY --from=other a b"}));
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.graph.needed == std::vector<std::size_t>{0, 3});
  // A stage that a trigger made needed has triggers of its own.
  const Planned deep("FROM scratch AS files\nFROM deep AS more\nFROM base\n", {},
                     {{"base:latest",
                       [] {
                         ContainerConfig config;
                         config.on_build = {"COPY --from=more a b"};
                         return config;
                       }()},
                      {"deep:latest", [] {
                         ContainerConfig config;
                         config.on_build = {"COPY --from=files a b"};
                         return config;
                       }()}});
  REQUIRE(deep.errors() == Strings{});
  CHECK(deep.graph.needed == std::vector<std::size_t>{0, 1, 2});
  CHECK(Planned("FROM base AS files\n", {}, images).errors() == Strings{"stage-circular 1:6+4"});
}

TEST_CASE("dockerfile.md 6.11, 17: a mistake in a trigger is reported at FROM and names both",
          "[plan]") {
  const Planned planned("ARG X\nFROM base AS s\n", {}, base_with({"USER x", "RNU ls"}));
  REQUIRE(planned.errors() == Strings{"unknown-instruction 2:6+4"});
  const Diagnostic& error = planned.diagnostics.errors()[0];
  CHECK(error.notes == Strings{"in the ONBUILD trigger of base:latest: RNU ls"});
  CHECK(error.helps == Strings{"did you mean \"RUN\"?"});
  CHECK(Planned("FROM base\n", {}, base_with({"ONBUILD RUN x"})).errors() ==
        Strings{"onbuild-invalid 1:6+4"});
  CHECK(Planned("FROM base\n", {}, base_with({"USER a\nUSER b"})).errors() ==
        Strings{"onbuild-invalid 1:6+4"});
  CHECK(Planned("FROM base\n", {}, base_with(Strings(10'001, "USER x"))).errors() ==
        Strings{"onbuild-too-many 1:6+4"});
  CHECK(Planned("FROM base\n", {}, base_with({"ENV A=${B"})).errors() ==
        Strings{"substitution-invalid 1:6+4"});
  CHECK(Planned("FROM scratch AS a\nONBUILD NONSENSE\nFROM scratch\n").errors() == Strings{});
  const Planned stage("FROM scratch AS a\nONBUILD NONSENSE\nFROM a\n");
  REQUIRE(stage.errors() == Strings{"unknown-instruction 3:6+1"});
  CHECK(stage.diagnostics.errors()[0].notes ==
        Strings{"in the ONBUILD trigger of stage 'a': NONSENSE"});
}

TEST_CASE("dockerfile.md 6.11, 13.15: RUN in a trigger is refused at FROM", "[plan]") {
  const Planned planned("FROM base\nUSER x\n", {}, base_with({"RUN make"}));
  REQUIRE(planned.errors() == Strings{"run-unsupported 1:6+4"});
  CHECK(planned.diagnostics.errors()[0].notes ==
        Strings{"in the ONBUILD trigger of base:latest: RUN make"});
}

TEST_CASE("dockerfile.md 10.8: a trigger may hold a heredoc", "[plan]") {
  const Planned planned("FROM scratch AS a\nONBUILD COPY <<-E /x\n\tv=$V\n\tE\nFROM a\nARG V\n");
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.history() == Strings{"COPY <<E /x # buildkit", "ARG V"});
  CHECK(planned.copy(0).inline_files.at(0).content == "v=\n");
}
