// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 6.
#include "plan/stage_graph.hpp"

#include "plan_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using namespace ocibuild::plan;

namespace {

std::size_t base_stage(const StageGraph& graph, std::size_t stage) {
  return std::get<FromStage>(graph.stages.at(stage).base).index;
}

Diagnostic only_error(const std::string& text, const PlanInputs& inputs = {}) {
  const Planned planned(text, inputs);
  REQUIRE(planned.diagnostics.errors().size() == 1);
  return planned.diagnostics.errors()[0];
}

std::vector<std::size_t> needed(const std::string& text, const std::string& target = {}) {
  return Planned(text, {.target = target}).graph.needed;
}

}  // namespace

TEST_CASE("dockerfile.md 6.3, 6.4: a base is scratch, a stage above in any case, or an image",
          "[plan]") {
  const Planned planned(
      "FROM scratch AS alpine\nFROM Alpine AS b\nFROM --platform=linux/arm64 debian:12\n");
  CHECK(planned.errors().empty());
  CHECK(std::holds_alternative<FromScratch>(planned.graph.stages[0].base));
  CHECK(base_stage(planned.graph, 1) == 0);
  const auto& image = std::get<FromImage>(planned.graph.stages[2].base);
  CHECK(image.name.familiar() == "debian:12");
  CHECK(image.platform == Platform::parse("linux/arm64"));
  CHECK(image.expansion.empty());
}

TEST_CASE("dockerfile.md 6.3, 5.2: FROM is expanded and unquoted with the global scope", "[plan]") {
  const std::string text = "ARG B=\"al\"pine\nARG T=${B}-x\nFROM \"$B\":'3'$T\n";
  const Planned planned(text);
  REQUIRE(planned.errors().empty());
  const auto& image = std::get<FromImage>(planned.graph.stages[0].base);
  CHECK(image.name.familiar() == "alpine:3alpine-x");
  CHECK(image.written == "\"$B\":'3'$T");
  CHECK(image.expansion == "B=alpine");
  const Planned with_arg(text, {.build_args = {{"B", "busy"}}});
  CHECK(std::get<FromImage>(with_arg.graph.stages[0].base).expansion == "B=busy (--build-arg)");
}

TEST_CASE(
    "dockerfile.md 6.5: the later of two stages with one name counts below it, numbers reach both",
    "[plan]") {
  const Planned planned(
      "FROM a AS x\nFROM b AS X\nFROM x\nCOPY --from=0 a b\nCOPY --from=1 a b\n"
      "COPY --from=x a b\n");
  CHECK(planned.warnings() == Strings{"StageNameCasing 2:11+1", "DuplicateStageName 2:11+1"});
  CHECK(base_stage(planned.graph, 2) == 1);
  const auto& copies = planned.graph.stages[2].copies;
  CHECK(std::get<FromStage>(copies.at(3)).index == 0);
  CHECK(std::get<FromStage>(copies.at(4)).index == 1);
  CHECK(std::get<FromStage>(copies.at(5)).index == 1);
}

TEST_CASE("dockerfile.md 6.7: the target is the last stage, a name in any case, or a number",
          "[plan]") {
  const std::string text = "FROM scratch AS Base\nFROM scratch\nFROM scratch AS last\n";
  CHECK(Planned(text).graph.target == 2);
  CHECK(Planned(text, {.target = "BASE"}).graph.target == 0);
  CHECK(Planned(text, {.target = "1"}).graph.target == 1);
  const Diagnostic error = only_error(text, {.target = "bse"});
  CHECK(error.id == "stage-unknown");
  CHECK(error.message == "the Dockerfile has no stage \"bse\" to build");
  CHECK(error.notes == Strings{"stages: base, last"});
  CHECK(error.helps == Strings{"did you mean \"base\"?"});
  CHECK(only_error(text, {.target = "3"}).id == "stage-unknown");
}

TEST_CASE("dockerfile.md 6.8: only stages the target needs are needed, each after what it reads",
          "[plan]") {
  const std::string text =
      "FROM scratch AS a\nFROM scratch AS b\nFROM scratch AS unused\nRUN x\nFROM a AS c\n"
      "COPY --from=B x y\nFROM scratch AS d\nCOPY --from=c x y\n";
  CHECK(needed(text) == std::vector<std::size_t>{0, 1, 3, 4});
  CHECK(needed(text, "c") == std::vector<std::size_t>{0, 1, 3});
  CHECK(needed(text, "a") == std::vector<std::size_t>{0});
}

TEST_CASE("dockerfile.md 6.8: the parts of an unused stage are checked for syntax only", "[plan]") {
  CHECK(Planned("FROM scratch AS a\nRUN x\nADD a b\nCOPY --from=n0ne/UPPER a b\nFROM scratch\n")
            .errors()
            .empty());
}

TEST_CASE(
    "dockerfile.md 6.8, 13.15, 17: RUN in a needed stage is refused with who needs it and what to "
    "do",
    "[plan]") {
  const Diagnostic error = only_error(
      "FROM golang AS builder\n\n\n\n\nRUN go build -o /out/server .\n\n\nFROM scratch\n\n"
      "COPY --from=builder /out/server /server\n");
  CHECK(error.id == "run-unsupported");
  CHECK(error.message == "RUN is not executed by ocibuild");
  REQUIRE(error.where);
  CHECK(error.where->line == 6);
  CHECK(error.where->column == 1);
  CHECK(error.where->length == 3);
  CHECK(error.where->excerpt == Strings{"RUN go build -o /out/server ."});
  CHECK(error.where->label == "stage 'builder' is needed by COPY --from=builder (line 11)");
  CHECK(error.notes.empty());
  CHECK(error.helps ==
        Strings{"build on the host and hand the result in:  ocibuild --build-context "
                "builder=./out …   (then /out/server is ./out/out/server)",
                "or prepare a base image once where RUN is possible, and start FROM it"});
}

TEST_CASE("dockerfile.md 13.15: several RUN of one stage are one error that lists the others",
          "[plan]") {
  const Diagnostic error = only_error("FROM scratch\nRUN a\nRUN b\nUSER x\nRUN c\n");
  CHECK(error.where->label == "this is the stage that is built");
  CHECK(error.notes == Strings{"2 more RUN in this stage, on lines 3, 5"});
  CHECK(error.helps ==
        Strings{"build on the host and COPY the result from the build context",
                "or prepare a base image once where RUN is possible, and start FROM it"});
  CHECK(only_error("FROM a AS b\nRUN x\nFROM b\n").where->label ==
        "stage 'b' is needed by FROM b (line 3)");
}

TEST_CASE("dockerfile.md 6.8: a stage that RUN mounts is needed too", "[plan]") {
  const Planned planned(
      "FROM a AS x\nRUN y\nFROM b AS z\nFROM scratch\nRUN --mount=from=X --mount=from=img:1 c\n");
  CHECK(planned.errors() == Strings{"run-unsupported 2:1+3", "run-unsupported 5:1+3"});
  CHECK(planned.diagnostics.errors()[0].where->label ==
        "stage 'x' is needed by RUN --mount=from=x (line 5)");
  CHECK(Planned("FROM a AS x\nRUN --mount=from=x c\nFROM scratch\n").errors() ==
        Strings{"stage-circular 2:13+6"});
  CHECK(Planned("FROM a\nRUN --mount=from=x c\nFROM scratch AS x\n").errors() ==
        Strings{"stage-later 2:13+6"});
}

TEST_CASE("dockerfile.md 6.9: COPY --from reads a stage above, scratch, an image or the context",
          "[plan]") {
  const Planned planned(
      "FROM scratch AS base\nFROM scratch\nCOPY a b\nCOPY --from=BASE a b\nCOPY --from=0 a b\n"
      "COPY --from=scratch a b\nCOPY --from=nginx:1 a b\n");
  CHECK(planned.errors().empty());
  const auto& copies = planned.graph.stages[1].copies;
  CHECK(std::holds_alternative<FromContext>(copies.at(2)));
  CHECK(std::get<FromStage>(copies.at(3)).index == 0);
  CHECK(std::get<FromStage>(copies.at(4)).index == 0);
  CHECK(std::holds_alternative<FromScratch>(copies.at(5)));
  CHECK(std::get<FromImage>(copies.at(6)).name.familiar() == "nginx:1");
}

TEST_CASE(
    "dockerfile.md 6.4: a context takes the place of a stage, whose own lines are not evaluated",
    "[plan]") {
  const PlanInputs inputs{.contexts = {"builder", "alpine"}};
  const Planned planned(
      "FROM --platform=linux/arm64 golang AS Builder\nRUN x\nCOPY --from=nowhere a b\n"
      "FROM builder\nCOPY --from=builder a b\nCOPY --from=0 a b\n"
      "COPY --from=docker.io/library/alpine a b\n",
      inputs);
  CHECK(planned.errors().empty());
  const auto& stages = planned.graph.stages;
  const auto context = [](const Origin& origin) { return std::get<FromNamedContext>(origin); };
  CHECK(context(stages[0].base).name == "builder");
  CHECK(context(stages[0].base).platform == Platform::parse("linux/arm64"));
  CHECK(planned.stages.at(0).steps.empty());
  CHECK(base_stage(planned.graph, 1) == 0);
  CHECK(context(stages[1].copies.at(4)).name == "builder");
  CHECK(context(stages[1].copies.at(5)).name == "builder");
  CHECK(context(stages[1].copies.at(6)).name == "alpine");
}

TEST_CASE("dockerfile.md 6.4: a stage above hides a context only where the context is an image's",
          "[plan]") {
  const Planned planned("FROM scratch AS base\nFROM base\nFROM Alpine:latest\nFROM alpine:3\n",
                        {.contexts = {"alpine"}});
  CHECK(base_stage(planned.graph, 1) == 0);
  CHECK(planned.errors() == Strings{"name-invalid 3:6+13"});
  CHECK(std::holds_alternative<FromImage>(planned.graph.stages[3].base));
  CHECK(std::holds_alternative<FromNamedContext>(
      Planned("FROM alpine:latest\n", {.contexts = {"alpine"}}).graph.stages[0].base));
}

TEST_CASE("dockerfile.md 6.4, 18.1: a build context that no line names is warned about", "[plan]") {
  const PlanInputs inputs{
      .contexts = {"stage", "image:1", "copied", "mounted", "arg", "bulider", "inside"}};
  const Planned planned(
      "ARG A=arg\nFROM image:1 AS builder\nRUN --mount=from=mounted x\nFROM a AS stage\n"
      "COPY --from=inside a b\nFROM $A\nCOPY --from=copied a b\n",
      inputs);
  CHECK(planned.errors().empty());
  CHECK(planned.warnings() == Strings{"build-context-unused"});
  CHECK(planned.diagnostics.warnings()[0].message ==
        "the build context \"bulider\" is named by no FROM, no --from");
  CHECK(planned.diagnostics.warnings()[0].helps == Strings{"did you mean \"builder\"?"});
}

TEST_CASE("registry.md R5: FROM and COPY --from have the name that the request gives them",
          "[plan]") {
  const auto resolve = [](std::string_view text) {
    if (text == "several") throw Error(Errc::usage, "name-ambiguous", "several").help("one of");
    if (text == "broken") throw Error(Errc::usage, "config-invalid", "broken");
    return Reference::parse(text == "short" ? "quay.test/short" : text);
  };
  const PlanInputs inputs{.reference_of = resolve};
  const Planned planned("FROM short\nCOPY --from=short a b\nCOPY --from=docker.io/short a b\n",
                        inputs);
  const Stage& stage = planned.graph.stages[0];
  CHECK(std::get<FromImage>(stage.base).name.str() == "quay.test/short:latest");
  CHECK(std::get<FromImage>(stage.copies.at(1)).name.str() == "quay.test/short:latest");
  CHECK(std::get<FromImage>(stage.copies.at(2)).name.str() == "docker.io/library/short:latest");
  CHECK(only_error("FROM several\n", inputs).helps == Strings{"one of"});
  CHECK(brief(only_error("FROM a\nCOPY --from=several a b\n", inputs)) == "name-ambiguous 2:13+7");
  CHECK_THROWS_AS(Planned("FROM broken\n", inputs), Error);
  CHECK_THROWS_AS(Planned("FROM a\nCOPY --from=broken a b\n", inputs), Error);
}

TEST_CASE("dockerfile.md 6.4: mistakes in a replaced stage's FROM and stage references count",
          "[plan]") {
  const PlanInputs inputs{.contexts = {"x"}};
  CHECK(Planned("FROM ${NO} AS x\nFROM scratch\n", inputs).errors() ==
        Strings{"arg-undefined 1:6+5"});
  CHECK(Planned("FROM a AS x\nCOPY --from=x a b\nFROM scratch\n", inputs).errors() ==
        Strings{"stage-circular 2:13+1"});
}

TEST_CASE("dockerfile.md 6.9, 17: a mistyped stage name is an error before any image is looked for",
          "[plan]") {
  const std::string text = "FROM scratch AS builder\nFROM scratch\nCOPY --from=buidler a b\n";
  const Diagnostic error = only_error(text);
  CHECK(brief(error) == "stage-unknown 3:13+7");
  CHECK(error.message == "COPY --from names no stage: \"buidler\"");
  CHECK(error.helps == Strings{"did you mean \"builder\"?",
                               "an image of that name is written docker.io/library/buidler"});
  CHECK(Planned("FROM scratch AS node\nFROM scratch\nCOPY --from=node:1 a b\n").errors().empty());
}

TEST_CASE(
    "dockerfile.md 6.9, 17: COPY --from its own, a later or a missing stage is an error in every "
    "stage",
    "[plan]") {
  const std::string last = "FROM scratch\n";
  CHECK(Planned("FROM a AS x\nCOPY --from=x a b\n" + last).errors() ==
        Strings{"stage-circular 2:13+1"});
  CHECK(Planned("FROM a AS x\nCOPY --from=0 a b\n" + last).errors() ==
        Strings{"stage-circular 2:13+1"});
  CHECK(Planned("FROM a AS x\nCOPY --from=1 a b\n" + last).errors() ==
        Strings{"stage-later 2:13+1"});
  CHECK(Planned("FROM a AS x\nCOPY --from=2 a b\n" + last).errors() ==
        Strings{"stage-unknown 2:13+1"});
  const Diagnostic error = only_error("FROM a AS x\nCOPY --from=Y a b\nFROM scratch AS y\n");
  CHECK(error.message == "the stage \"Y\" must be defined before it is read");
  CHECK(error.notes == Strings{"it begins on line 3, this is line 2"});
}

TEST_CASE(
    "dockerfile.md 6.3, 17: FROM with a variable that is not declared names scope and nearest",
    "[plan]") {
  const Diagnostic error = only_error("ARG TAGS=1\nFROM a\nARG TAG\nFROM ${TAG}\n");
  CHECK(brief(error) == "arg-undefined 4:6+6");
  CHECK(error.message == "FROM uses the variable \"TAG\", which no ARG before FROM declares");
  CHECK(error.where->label == "TAG is not set");
  CHECK(error.notes == Strings{"FROM sees only ARGs that stand before the first FROM",
                               "ARG TAG on line 3 belongs to its stage"});
  CHECK(error.helps == Strings{"did you mean \"TAGS\"?", "declare ARG TAG before FROM"});
  CHECK(only_error("FROM alpine:$TAG\n").id == "arg-undefined");
}

TEST_CASE("dockerfile.md 6.3, 17: FROM with a variable without value says how to give one",
          "[plan]") {
  const Diagnostic error = only_error("ARG TAG\nFROM ${TAG}\n");
  CHECK(error.message == "FROM uses the variable \"TAG\", which has no value");
  CHECK(error.helps == Strings{"give it a default, ARG TAG=value, or --build-arg TAG=value"});
}

TEST_CASE("dockerfile.md 6.3, 17: FROM that expands to nothing should not be blank", "[plan]") {
  const Diagnostic error = only_error("ARG B=x\nFROM $B\n", {.build_args = {{"B", ""}}});
  CHECK(brief(error) == "from-empty 2:6+2");
  CHECK(error.message == "the image name \"$B\" should not be blank");
  CHECK(error.where->label == "B= (--build-arg)");
}

TEST_CASE("dockerfile.md 6.6, 6.8, 17: mistakes of every FROM line count, needed or not",
          "[plan]") {
  CHECK(Planned("FROM Upper\nFROM --platform=$X a\nFROM --platform=linux/none a\nFROM ${a\n"
                "FROM scratch\n")
            .errors() == Strings{"name-invalid 1:6+5", "platform-invalid 2:17+2",
                                 "platform-invalid 3:17+10", "substitution-invalid 4:6+3"});
  CHECK(only_error("FROM --platform= scratch\n").id == "platform-invalid");
}

TEST_CASE("dockerfile.md 6.8: many stages and references are resolved in linear time", "[plan]") {
  std::string text = "FROM scratch AS s0\n";
  for (int i = 1; i < 50'000; ++i) {
    const std::string above = "s" + std::to_string(i - 1);
    text += "FROM " + above + " AS s" + std::to_string(i) + "\nCOPY --from=" + above + " a b\n";
  }
  support::Diagnostics diagnostics;
  const auto file = dockerfile::parse("Dockerfile", text, diagnostics);
  CHECK(build_stage_graph(file, {}, diagnostics).needed.size() == 50'000);
  CHECK(diagnostics.errors().empty());
}

TEST_CASE("dockerfile.md 2.10: nothing is planned for a text without FROM", "[plan]") {
  CHECK(Planned("").graph.stages.empty());
  CHECK(Planned("ARG A\n").graph.stages.empty());
}
