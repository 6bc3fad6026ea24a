// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 7, 13, 14 and 15.
#include "plan/evaluator.hpp"

#include "plan_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using plan::CopyStep;
using plan::WorkdirStep;

namespace {

Planned on_scratch(const std::string& lines) {
  return Planned("FROM scratch\n" + lines);
}

Strings error_of(const std::string& line) {
  return on_scratch(line + "\n").errors();
}

/// The base "base" with a CMD, an ENTRYPOINT and more.
std::map<std::string, ContainerConfig> bases() {
  ContainerConfig config;
  config.env = {"PATH=/p", "A=1"};
  config.cmd = {"inherited"};
  config.user = "someone";
  config.working_dir = "/w";
  config.labels = {{"kept", "1"}};
  config.other = {{"Unknown", "1"}};
  config.args_escaped = true;
  config.healthcheck = Healthcheck{.test = {"CMD", "x"}, .retries = 9};
  return {{"base:latest", config}};
}

}  // namespace

TEST_CASE("dockerfile.md 13.7: ENTRYPOINT drops an inherited CMD, also one of a stage of this file",
          "[plan]") {
  CHECK(Planned("FROM base\nENTRYPOINT [\"e\"]\n", {}, bases()).config().cmd.empty());
  CHECK(Planned("FROM base\nENTRYPOINT []\n", {}, bases()).config().cmd.empty());
  CHECK(Planned("FROM base\nCMD [\"c\"]\nENTRYPOINT [\"e\"]\n", {}, bases()).config().cmd ==
        Strings{"c"});
  CHECK(Planned("FROM base\nUSER x\n", {}, bases()).config().cmd == Strings{"inherited"});
  CHECK(
      Planned("FROM scratch AS a\nCMD [\"c\"]\nFROM a\nENTRYPOINT [\"e\"]\n").config().cmd.empty());
}

TEST_CASE(
    "dockerfile.md 13.3: a WORKDIR that is absolute is stored uncleaned, a relative one joined and "
    "cleaned",
    "[plan]") {
  const Planned planned = on_scratch("WORKDIR /x/../y//z/\n");
  CHECK(planned.config().working_dir == "/x/../y//z/");
  CHECK(std::get<WorkdirStep>(planned.target().steps[0].action).path == oci::RootfsPath("y/z"));
  CHECK(on_scratch("WORKDIR /a\nWORKDIR b/../c/\n").config().working_dir == "/a/c");
  CHECK(on_scratch("WORKDIR ../..\n").config().working_dir == "/");
  CHECK(on_scratch("WORKDIR /a\nENV E=\nWORKDIR $E\nWORKDIR .\n").config().working_dir == "/a");
  CHECK(on_scratch("WORKDIR /x/../y/\nWORKDIR $E\n").config().working_dir == "/x/../y/");
  CHECK(on_scratch("WORKDIR /x/../y/\nWORKDIR .\n").config().working_dir == "/y");
}

TEST_CASE(
    "dockerfile.md 13.3: a WORKDIR that moves nowhere still says where an image without one is",
    "[plan]") {
  const std::map<std::string, ContainerConfig> images = {{"base:latest", ContainerConfig{}}};
  CHECK(Planned("FROM base\nUSER 1\n", {}, images).config().working_dir.empty());
  CHECK(Planned("FROM base\nWORKDIR .\n", {}, images).config().working_dir == "/");
  CHECK(Planned("FROM base\nWORKDIR $UNSET\n", {}, images).config().working_dir == "/");
}

TEST_CASE(
    "dockerfile.md 13.3, 15.3: WORKDIR makes a layer unless it is the root, and its directory is "
    "the user's",
    "[plan]") {
  const Planned planned = on_scratch("USER 5:6\nWORKDIR /wd\nWORKDIR /\n");
  CHECK(planned.history() == Strings{"USER 5:6", "WORKDIR /wd", "WORKDIR /"});
  CHECK(std::get<WorkdirStep>(planned.target().steps[1].action).user == "5:6");
  CHECK(planned.target().steps[1].makes_layer());
  CHECK_FALSE(planned.target().steps[2].makes_layer());
}

TEST_CASE("dockerfile.md 14.1, 14.2: scratch starts in / with PATH, an image with its whole config",
          "[plan]") {
  CHECK(on_scratch("").config().working_dir == "/");
  const ContainerConfig expected = bases().at("base:latest");
  CHECK(Planned("FROM base\n", {}, bases()).config() == expected);
  CHECK(Planned("FROM base AS a\nFROM a\n", {}, bases()).config() == expected);
}

TEST_CASE("dockerfile.md 13.1, 13.2: ENV replaces in place, LABEL's last value wins", "[plan]") {
  const Planned planned("FROM base\nENV B=2 A=3 C=\nLABEL a=1 a=2 kept=0\n", {}, bases());
  CHECK(planned.config().env == Strings{"PATH=/p", "A=3", "B=2", "C="});
  CHECK(planned.config().labels == std::map<std::string, std::string>{{"a", "2"}, {"kept", "0"}});
}

TEST_CASE("dockerfile.md 3.7, 17: an ENV name that expands to nothing is an error", "[plan]") {
  CHECK(error_of("ENV $x=1") == Strings{"name-empty 2:5+2"});
}

TEST_CASE("dockerfile.md 13.6, 13.8: shell forms take the shell in force at their line", "[plan]") {
  CHECK(on_scratch("CMD  echo   \"hi\" \\\n  x\n").config().cmd ==
        Strings{"/bin/sh", "-c", "echo   \"hi\"   x"});
  const Planned planned = on_scratch("ENTRYPOINT a\nSHELL [\"/bin/ash\", \"-ec\"]\nCMD b\n");
  CHECK(planned.config().entrypoint == Strings{"/bin/sh", "-c", "a"});
  CHECK(planned.config().cmd == Strings{"/bin/ash", "-ec", "b"});
  CHECK(planned.config().shell == Strings{"/bin/ash", "-ec"});
  CHECK(Planned("FROM scratch AS a\nSHELL [\"s\"]\nFROM a\nCMD b\n").config().cmd ==
        Strings{"s", "b"});
  CHECK(on_scratch("CMD\n").config().cmd == Strings{"/bin/sh", "-c", ""});
  CHECK(on_scratch("CMD []\n").config().cmd.empty());
}

TEST_CASE("dockerfile.md 18: a shell form is warned about unless the stage chose its shell",
          "[plan]") {
  CHECK(on_scratch("CMD a\n").warnings() == Strings{"JSONArgsRecommended 2:1+3"});
  CHECK(on_scratch("SHELL [\"s\"]\nCMD a\n").warnings().empty());
  CHECK(on_scratch("CMD ['a']\n").warnings() == Strings{"json-form-invalid 2:5+5"});
}

TEST_CASE("dockerfile.md 18: an instruction that a later one replaces is warned about", "[plan]") {
  CHECK(on_scratch("CMD [\"a\"]\nUSER x\nCMD [\"b\"]\n").warnings() ==
        Strings{"MultipleInstructionsDisallowed 2:1+3"});
  CHECK(on_scratch("HEALTHCHECK NONE\nHEALTHCHECK NONE\n").warnings().size() == 1);
  CHECK(Planned("FROM scratch AS a\nCMD [\"a\"]\nFROM a\nCMD [\"a\"]\n").warnings().empty());
}

TEST_CASE("dockerfile.md 13.4: USER is kept verbatim and can be cleared", "[plan]") {
  CHECK(on_scratch("USER a:b c\n").config().user == "a:b c");
  CHECK(Planned("FROM base\nUSER \"\"\n", {}, bases()).config().user.empty());
}

TEST_CASE(
    "dockerfile.md 13.5, 4.1: EXPOSE takes ports, ranges and protocols, and splits unquoted values",
    "[plan]") {
  const Planned planned =
      on_scratch("ENV P=\"82 83/UDP\"\nEXPOSE 80 7000-7001 53/udp 127.0.0.1:90:91/sctp $P\n");
  CHECK(planned.config().exposed_ports == std::set<std::string>{"53/udp", "7000/tcp", "7001/tcp",
                                                                "80/tcp", "82/tcp", "83/udp",
                                                                "91/sctp"});
  CHECK(planned.warnings() == Strings{"ExposeProtoCasing 3:49+2", "ExposeInvalidFormat 3:28+20"});
  CHECK(on_scratch("ENV E=\nEXPOSE $E\n").config().exposed_ports.empty());
  CHECK(error_of("EXPOSE 65536") == Strings{"port-invalid 2:8+5"});
  CHECK(error_of("EXPOSE 80/http x 9-8") ==
        Strings{"port-invalid 2:8+7", "port-invalid 2:18+3", "port-invalid 2:16+1"});
}

TEST_CASE("dockerfile.md 13.5: what stands before a port of EXPOSE is an address and a port",
          "[plan]") {
  for (const char* text : {"8080:80", "127.0.0.1::80", "[::1]:8080:80", "::1:8080:80", ":80",
                           "8080-8090:80", "8080-8081:80-81/udp", "0-0:1"}) {
    CAPTURE(text);
    CHECK(error_of(std::string("EXPOSE ") + text).empty());
  }
  for (const char* text : {"127.0.0.1:80", "host:8080:80", "[::1:8080:80", "65536:80",
                           "8081-8080:80", "8080-8082:80-81", "1:2:3:80", "a:80"}) {
    CAPTURE(text);
    CHECK(error_of(std::string("EXPOSE ") + text).size() == 1);
  }
}

TEST_CASE("dockerfile.md 13.10, 17: STOPSIGNAL is a signal of Linux, stored as written", "[plan]") {
  for (const char* text : {"SIGTERM", "quit", "9", "sigrtmin+3", "RTMAX-2"}) {
    CAPTURE(text);
    CHECK(on_scratch("STOPSIGNAL " + std::string(text) + "\n").config().stop_signal == text);
  }
  const Planned planned = on_scratch("STOPSIGNAL SIGTREM\n");
  CHECK(planned.errors() == Strings{"signal-unknown 2:12+7"});
  CHECK(planned.diagnostics.errors()[0].helps == Strings{"did you mean \"SIGTERM\"?"});
  CHECK(error_of("STOPSIGNAL 0") == Strings{"signal-unknown 2:12+1"});
  CHECK(error_of("STOPSIGNAL -9") == Strings{"signal-unknown 2:12+2"});
}

TEST_CASE("dockerfile.md 13.11, 17: VOLUME adds paths as written, an empty one is an error",
          "[plan]") {
  CHECK(on_scratch("ENV D=/d\nVOLUME $D/ /e\n").config().volumes ==
        std::set<std::string>{"/d/", "/e"});
  CHECK(error_of("VOLUME [\"/a\", \"\"]") == Strings{"volume-empty 2:15+2"});
  CHECK(error_of("VOLUME $x") == Strings{"volume-empty 2:8+2"});
}

TEST_CASE("dockerfile.md 13.9: a new HEALTHCHECK keeps nothing of the old one", "[plan]") {
  const Planned planned("FROM base\nHEALTHCHECK CMD y\n", {}, bases());
  CHECK(planned.config().healthcheck == Healthcheck{.test = {"CMD-SHELL", "y"}});
}

TEST_CASE("dockerfile.md 13.12: MAINTAINER sets the author, which is inherited", "[plan]") {
  CHECK(Planned("FROM scratch AS a\nMAINTAINER A <b@c>\nFROM a\n").target().author == "A <b@c>");
}

TEST_CASE("dockerfile.md 7.6: a destination is joined to WORKDIR and cleaned", "[plan]") {
  const auto destination = [](const std::string& word) {
    return on_scratch("WORKDIR /w\nENV E=\nCOPY a " + word + "\n").copy(2);
  };
  CHECK(destination("x").destination == oci::RootfsPath("w/x"));
  CHECK_FALSE(destination("x").destination_is_directory);
  CHECK(destination("/x/../../y/").destination == oci::RootfsPath("y"));
  CHECK(destination("/x/../../y/").destination_is_directory);
  for (const char* word : {".", "./", "$E", "x/."}) {
    CAPTURE(word);
    CHECK(destination(word).destination_is_directory);
  }
  CHECK(destination("$E").destination == oci::RootfsPath("w"));
  CHECK(destination("..").destination == oci::RootfsPath());
}

TEST_CASE("dockerfile.md 4.9: COPY expands sources, owner and mode", "[plan]") {
  const CopyStep copy =
      on_scratch("ENV S=a U=1:2 M=0640\nCOPY --chown=$U --chmod=$M $S/* \"b\"c /d/\n").copy(1);
  CHECK(copy.sources[0].text == "a/*");
  CHECK(copy.sources[1].text == "bc");
  CHECK(copy.sources[1].span.column == 33);
  CHECK(copy.chown->text == "1:2");
  CHECK(copy.chmod->octal() == 0640U);
  CHECK_FALSE(on_scratch("COPY --chown= --chmod=$x a b\n").copy(0).chown);
  CHECK(on_scratch("ENV N=\"a b\"\nCOPY [\"$N\", \"/\"]\n").copy(1).sources[0].text == "a b");
}

TEST_CASE(
    "dockerfile.md 7.5, 7.21, 17: a COPY source that is empty, remote or badly quoted is an error "
    "at its word",
    "[plan]") {
  const Planned planned = on_scratch("ENV E=\nCOPY a $E https://x/y git@h:x \"b c\" /\n");
  CHECK(planned.errors() == Strings{"copy-source-empty 3:8+2", "copy-source-remote 3:11+11",
                                    "copy-source-remote 3:23+7", "quote-unterminated 3:31+2",
                                    "quote-unterminated 3:34+2"});
  CHECK(planned.diagnostics.errors()[0].where->label == "E=");
}

TEST_CASE("dockerfile.md 8.7, 8.8: --chmod takes one to four octal digits or symbolic clauses",
          "[plan]") {
  CHECK(error_of("COPY --chmod=8 a b") == Strings{"chmod-invalid 2:14+1"});
  CHECK(error_of("COPY --chmod=17777 a b") == Strings{"chmod-invalid 2:14+5"});
  CHECK(error_of("ENV M=u+q\nCOPY --chmod=$M a b") == Strings{"chmod-invalid 3:14+2"});
}

TEST_CASE("dockerfile.md 15.2: history has the texts of BuildKit", "[plan]") {
  const plan::PlanInputs inputs{.build_args = {{"B", "arg"}}};
  const Planned planned(
      "ARG G=glob\nFROM scratch\n"
      "ENV K=\"V 1\" K2=$K\nLABEL a=b \"c d\"=e\nARG B=1 G N D=def\n"
      "CMD echo \"hi\\t\"\nENTRYPOINT [\"a\\n\", \"ä\"]\nUSER u\nSTOPSIGNAL 9\nMAINTAINER m\n"
      "VOLUME /v [w]\nSHELL [\"/bin/sh\", \"-ec\"]\nEXPOSE 80 7000-7001 53/udp\n"
      "HEALTHCHECK --interval=5s --retries=3 CMD curl x\n"
      "COPY --chown=1:2 --chmod=640 [\"a b\", \"c\", \"/d/\"]\nCOPY --from=img x $N\n",
      inputs);
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.history() ==
        Strings{"ENV K=V 1 K2=", "LABEL a=b c d=e", "ARG B=arg G=glob N D=def",
                "CMD [\"/bin/sh\" \"-c\" \"echo \\\"hi\\\\t\\\"\"]", "ENTRYPOINT [\"a\\n\" \"ä\"]",
                "USER u", "STOPSIGNAL 9", "MAINTAINER m", "VOLUME [/v [w]]", "SHELL [/bin/sh -ec]",
                "EXPOSE [53/udp 7000/tcp 7001/tcp 80/tcp]",
                "HEALTHCHECK {Test:[CMD-SHELL curl x] Interval:5s Timeout:0s StartPeriod:0s "
                "StartInterval:0s Retries:3}",
                "COPY --chown=1:2 --chmod=640 a b c /d/ # buildkit", "COPY x ./ # buildkit"});
  CHECK(history_of("CMD [\"\\u0001\", \"\\u00a0\", \"\\u200b\"]\nCMD []\n") ==
        Strings{"CMD [\"\\x01\" \"\\u00a0\" \"\\u200b\"]", "CMD []"});
}

TEST_CASE("dockerfile.md 15.1: each instruction but FROM is one step that knows its instruction",
          "[plan]") {
  const Planned planned("ARG G\nFROM scratch AS a\nUSER x\nFROM a\nENV A=b\nCOPY a b\n");
  REQUIRE(planned.target().steps.size() == 2);
  CHECK(planned.target().steps[0].instruction == 4);
  CHECK(planned.target().steps[1].instruction == 5);
  CHECK(planned.target().steps[1].makes_layer());
}

TEST_CASE("dockerfile.md 4.7: blanks split words inside braces too, unless all is quoted",
          "[plan]") {
  CHECK(Planned("FROM scratch\nENV A=${B:-a b}\n").errors() == Strings{"equals-missing 2:14+2"});
  CHECK(on_scratch("ENV A=\"${B:-a b}\"\n").config().env.back() == "A=a b");
}

TEST_CASE("dockerfile.md 14.3: PATH is added unless there is one, even an empty one", "[plan]") {
  const auto env_of = [](const Strings& env, const char* platform) {
    const plan::PlanInputs inputs{.platform = Platform::parse(platform)};
    ContainerConfig config;
    config.env = env;
    return Planned("FROM base\nENV A=$PATH\n", inputs, {{"base:latest", config}}).config().env;
  };
  const std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  CHECK(env_of({"Path=x"}, "linux/amd64") == Strings{"Path=x", "PATH=" + path, "A=" + path});
  CHECK(env_of({"PATH="}, "linux/amd64") == Strings{"PATH=", "A="});
  CHECK(env_of({}, "windows/amd64") == Strings{"A="});
}

TEST_CASE("dockerfile.md 14.6: no instruction sets ArgsEscaped, a base keeps its own", "[plan]") {
  CHECK_FALSE(on_scratch("CMD a\nENTRYPOINT b\n").config().args_escaped);
  ContainerConfig config;
  config.args_escaped = true;
  CHECK(Planned("FROM base\nCMD a\n", {}, {{"base:latest", config}}).config().args_escaped);
}

TEST_CASE("dockerfile.md 14.4: Env is in the order of first appearance", "[plan]") {
  CHECK(on_scratch("ENV Z=1 A=1\nENV M=1\nENV A=2\n").config().env ==
        Strings{on_scratch("").config().env.front(), "Z=1", "A=2", "M=1"});
}

TEST_CASE("dockerfile.md 14.10: values of ARG stay in the history", "[plan]") {
  const Planned planned("FROM scratch\nARG SEEN=value API_TOKEN\nENV E=e\n");
  CHECK(planned.history()[0] == "ARG SEEN=value API_TOKEN");
  CHECK(planned.config().env.back() == "E=e");
  CHECK(planned.config().env.size() == 2);
  CHECK(planned.warnings() == Strings{"SecretsUsedInArgOrEnv 2:16+9"});
}

TEST_CASE("dockerfile.md 4.10: many variables are evaluated in linear time", "[plan]") {
  std::string lines;
  for (int i = 0; i < 100'000; ++i)
    lines += "ENV K" + std::to_string(i) + "=$U" + std::to_string(i) + "\n";
  CHECK(on_scratch(lines).config().env.size() == 100'001);
}
