// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 4.9, 4.10 and 5.
#include "plan_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;

namespace {

const std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The value that `LABEL l=WORD` gets at the end of the Dockerfile.
std::string value(const std::string& text, const std::string& word,
                  const plan::PlanInputs& inputs = {}) {
  const Planned planned(text + "LABEL l=" + word + "\n", inputs);
  REQUIRE(planned.errors() == Strings{});
  return planned.config().labels.at("l");
}

}  // namespace

TEST_CASE("dockerfile.md 5.6: ARG after ENV wins for what follows, and the image keeps the ENV",
          "[plan]") {
  const std::string text = "FROM scratch\nENV A=e\nARG A=a\n";
  CHECK(value(text, "$A") == "a");
  CHECK(Planned(text).config().env == Strings{path, "A=e"});
  CHECK(value("FROM scratch\nARG A=a\nENV A=e\n", "$A") == "e");
}

TEST_CASE("dockerfile.md 5.4: a default in the stage beats the automatic platform value",
          "[plan]") {
  plan::PlanInputs inputs;
  inputs.platform = Platform::parse("linux/arm64");
  CHECK(value("FROM scratch\nARG TARGETARCH=x\n", "$TARGETARCH", inputs) == "x");
  CHECK(value("FROM scratch\nARG TARGETARCH\n", "$TARGETARCH", inputs) == "arm64");
  inputs.build_args = {{"TARGETARCH", "y"}};
  CHECK(value("FROM scratch\nARG TARGETARCH=x\n", "$TARGETARCH", inputs) == "y");
}

TEST_CASE(
    "dockerfile.md 4.10: all words of one instruction see the environment before it, but ARG goes "
    "on",
    "[plan]") {
  CHECK(Planned("FROM scratch\nENV a=0\nENV a=1 b=$a\n").config().env ==
        Strings{path, "a=1", "b=0"});
  CHECK(value("FROM scratch\nARG A=1 B=$A\n", "$B") == "1");
}

TEST_CASE("dockerfile.md 5.2: a stage sees nothing of the global scope until it says ARG",
          "[plan]") {
  CHECK(value("ARG A=g\nFROM scratch\n", "x$A") == "x");
  CHECK(value("FROM scratch\n", "x$TARGETOS") == "x");
  CHECK(value("ARG A=g\nFROM scratch\nARG A\n", "$A") == "g");
  CHECK(value("ARG A=g\nFROM scratch\nARG A=s\n", "$A") == "s");
  CHECK(value("FROM scratch\nENV A=e\nARG A\n", "$A") == "e");
}

TEST_CASE(
    "dockerfile.md 5.4, 5.5: a build argument beats every default, also when empty, and is literal",
    "[plan]") {
  const plan::PlanInputs inputs{.build_args = {{"A", "'$B' \\"}, {"E", ""}}};
  CHECK(value("ARG A=g\nFROM scratch\nARG A=s\n", "$A", inputs) == "'$B' \\");
  CHECK(value("FROM scratch\nARG E=s\n", "x$E", inputs) == "x");
}

TEST_CASE("dockerfile.md 5.1: automatic names have the formats of docker", "[plan]") {
  const std::string text =
      "FROM scratch\nARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT TARGETSTAGE\n";
  const std::string word = "$TARGETPLATFORM,$TARGETOS,$TARGETARCH,$TARGETVARIANT,$TARGETSTAGE";
  CHECK(value(text, word, {.platform = Platform::parse("linux/amd64")}) ==
        "linux/amd64,linux,amd64,,default");
  CHECK(value(text, word, {.platform = Platform::parse("linux/arm/v7")}) ==
        "linux/arm/v7,linux,arm,v7,default");
  CHECK(value("FROM scratch AS Last\nARG TARGETSTAGE\n", "$TARGETSTAGE") == "last");
}

TEST_CASE(
    "dockerfile.md 5.3: ARG of an automatic name before FROM keeps its value, a default replaces "
    "it",
    "[plan]") {
  const plan::PlanInputs inputs{.platform = Platform::parse("linux/arm64")};
  CHECK(value("ARG TARGETARCH\nFROM scratch\nARG TARGETARCH\n", "$TARGETARCH", inputs) == "arm64");
  CHECK(value("ARG TARGETARCH=q\nFROM scratch\nARG TARGETARCH\n", "$TARGETARCH", inputs) == "q");
}

TEST_CASE("dockerfile.md 5.7: FROM stage inherits ARG values, and ENV beats them there", "[plan]") {
  CHECK(value("FROM scratch AS a\nARG A=a\nFROM a\n", "$A") == "a");
  CHECK(value("FROM scratch AS a\nENV A=e\nARG A=a\nFROM a\n", "$A") == "e");
}

TEST_CASE(
    "dockerfile.md 5.7, 5.8, 14.3: an image brings its Env and no ARG, PATH is there from the "
    "start",
    "[plan]") {
  ContainerConfig config;
  config.env = {"X=img", "EMPTY"};
  const Planned planned("FROM base\nLABEL l=$X:$EMPTY:$PATH\n", {}, {{"base:latest", config}});
  CHECK(planned.config().labels.at("l") == "img::" + path.substr(5));
  CHECK(planned.config().env == Strings{"X=img", "EMPTY", path});
  CHECK(Planned("FROM scratch\nENV PATH=/x:$PATH\n").config().env ==
        Strings{"PATH=/x:" + path.substr(5)});
  config.env = {"PATH="};
  CHECK(Planned("FROM base\n", {}, {{"base:latest", config}}).config().env == Strings{"PATH="});
}

TEST_CASE("dockerfile.md 14.3: windows images get no PATH", "[plan]") {
  CHECK(Planned("FROM scratch\n", {.platform = Platform::parse("windows/amd64")})
            .config()
            .env.empty());
}

TEST_CASE(
    "dockerfile.md 4.9, 13.12: CMD, ENTRYPOINT, HEALTHCHECK, SHELL and MAINTAINER expand nothing",
    "[plan]") {
  const Planned planned(
      "FROM scratch\nENV A=a\nSHELL [\"$A\"]\nENTRYPOINT [\"$A\"]\nCMD $A\nHEALTHCHECK CMD $A\n"
      "MAINTAINER $A\n");
  CHECK(planned.config().cmd == Strings{"$A", "$A"});
  CHECK(planned.config().entrypoint == Strings{"$A"});
  CHECK(planned.config().healthcheck->test == Strings{"CMD-SHELL", "$A"});
  CHECK(planned.target().author == "$A");
}

TEST_CASE("dockerfile.md 4.9: keys of ENV and LABEL are expanded", "[plan]") {
  const Planned planned("FROM scratch\nENV A=k\nENV $A=1\nLABEL \"x y\"=z ${A}2=$A\n");
  CHECK(planned.config().env == Strings{path, "A=k", "k=1"});
  CHECK(planned.config().labels == std::map<std::string, std::string>{{"x y", "z"}, {"k2", "k"}});
}

TEST_CASE(
    "dockerfile.md 4.5, 18: reading an undefined variable is warned about once, at its place, with "
    "the nearest",
    "[plan]") {
  const Planned planned("FROM scratch\nENV NAME=x\nLABEL a=1$NAM b=$NAM c=${U:-d}\n");
  CHECK(planned.warnings() == Strings{"UndefinedVar 3:10+4"});
  const Diagnostic& warning = planned.diagnostics.warnings()[0];
  CHECK(warning.message == "the variable \"NAM\" is not defined here");
  CHECK(warning.helps == Strings{"did you mean \"NAME\"?"});
}

TEST_CASE("dockerfile.md 5.4: a name declared without value is no undefined variable", "[plan]") {
  CHECK(Planned("FROM scratch\nARG A\nLABEL a=$A\n").warnings().empty());
}

TEST_CASE("dockerfile.md 5.2: a variable that only the global scope has is explained", "[plan]") {
  const Planned planned("ARG V=1\nFROM scratch\nLABEL a=$V\n");
  REQUIRE(planned.warnings() == Strings{"UndefinedVar 3:9+2"});
  CHECK(planned.diagnostics.warnings()[0].notes ==
        Strings{"an ARG before FROM is seen by FROM lines only"});
  CHECK(planned.diagnostics.warnings()[0].helps ==
        Strings{"write ARG V in this stage, above this line"});
}

TEST_CASE("dockerfile.md 5.5, 5.9: a build argument that no ARG names is warned about", "[plan]") {
  const plan::PlanInputs inputs{
      .build_args = {{"VERSON", "1"}, {"TARGETARCH", "x"}, {"http_proxy", "p"}, {"NO_PROXY", "p"}}};
  const Planned planned("FROM scratch\nARG VERSION\n", inputs);
  CHECK(planned.warnings() == Strings{"build-arg-unused"});
  CHECK(planned.diagnostics.warnings()[0].message ==
        "the build argument \"VERSON\" is named by no ARG");
  CHECK(planned.diagnostics.warnings()[0].helps == Strings{"did you mean \"VERSION\"?"});
}

TEST_CASE("dockerfile.md 18, 14.10: names that look like secrets are warned about", "[plan]") {
  CHECK(Planned("FROM scratch\nARG DB_PASSWORD\nENV PUBLIC_KEY=1 api_token=2 MONKEY=3\n")
            .warnings() == Strings{"SecretsUsedInArgOrEnv 2:5+11", "SecretsUsedInArgOrEnv 3:18+9"});
  CHECK(Planned("# check=skip=SecretsUsedInArgOrEnv\nFROM scratch\nARG DB_PASSWORD\n")
            .warnings()
            .empty());
}

TEST_CASE("dockerfile.md 6.8: expansion errors count only in stages that are built", "[plan]") {
  const std::string text = "FROM scratch AS a\nLABEL a=${x\nFROM scratch\n";
  CHECK(Planned(text).errors().empty());
  CHECK(Planned(text, {.target = "a"}).errors() == Strings{"substitution-invalid 2:9+3"});
}

TEST_CASE("dockerfile.md 4.7: blanks inside ${} split words before it is expanded", "[plan]") {
  CHECK(Planned("FROM scratch\nENV A=${N:-a b}\n").errors() == Strings{"equals-missing 2:14+2"});
  CHECK(Planned("FROM scratch\nUSER ${N:-a b}\n").config().user == "a b");
  CHECK(Planned("FROM scratch\nENV A=\"${N:-a b}\"\n").history() == Strings{"ENV A=a b"});
  CHECK(Planned("FROM scratch\nCOPY ${N:-a b} /\n").errors() ==
        Strings{"substitution-invalid 2:6+6"});
}
