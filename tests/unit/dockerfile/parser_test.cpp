// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 3 and 13.
#include "dockerfile/parser.hpp"

#include "parse_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using namespace ocibuild::dockerfile;

namespace {

/// The error of one line below FROM, in brief.
Strings error_of(const std::string& line) {
  return errors_of("FROM scratch\n" + line + "\n");
}

Diagnostic only_error(const std::string& text) {
  const Parsed parsed(text);
  REQUIRE(parsed.diagnostics.errors().size() == 1);
  return parsed.diagnostics.errors()[0];
}

template <typename T>
T one(const std::string& line) {
  const Parsed parsed("FROM scratch\n" + line + "\n");
  CAPTURE(line);
  REQUIRE(brief(parsed.diagnostics.errors()) == Strings{});
  return parsed.body<T>(1);
}

Strings texts(const std::vector<Word>& words) {
  Strings out;
  for (const Word& word : words) out.push_back(word.text);
  return out;
}

}  // namespace

TEST_CASE("dockerfile.md 3.4: a text that is not JSON is a shell command, with a warning",
          "[dockerfile]") {
  for (const char* text : {"['a']", "[\"a\"] b", "[\"a\",]"}) {
    CAPTURE(text);
    const std::string file = "FROM scratch\nCMD " + std::string(text) + "\n";
    CHECK(Parsed(file).body<Cmd>(1).command.shell_text == text);
    CHECK_FALSE(Parsed(file).body<Cmd>(1).command.exec);
    CHECK(warnings_of(file).at(0).starts_with("json-form-invalid 2:5"));
  }
  CHECK(one<Cmd>("CMD [\"a\\n\", \"b c\"]").command.exec == Strings{"a\n", "b c"});
  CHECK(one<Cmd>("CMD []").command.exec == Strings{});
  CHECK(one<Entrypoint>("ENTRYPOINT").command.shell_text.empty());
}

TEST_CASE("dockerfile.md 3.4, 17: JSON with an element that is no string is an error",
          "[dockerfile]") {
  CHECK(error_of("CMD [\"a\", 1]") == Strings{"json-form-type 2:5+8"});
  CHECK(error_of("RUN [1]") == Strings{"json-form-type 2:5+3"});
  CHECK(error_of("RUN [ -f x ]").empty());
  CHECK(warnings_of("FROM scratch\nRUN [ -f x ]\n").empty());
}

TEST_CASE("dockerfile.md 17: an unknown instruction names the nearest one", "[dockerfile]") {
  const Diagnostic error = only_error("FROM scratch\n\nCPOY a b\n");
  CHECK(brief(error) == "unknown-instruction 3:1+4");
  CHECK(error.message == "unknown instruction \"CPOY\"");
  CHECK(error.helps == Strings{"did you mean \"COPY\"?"});
}

TEST_CASE("dockerfile.md 17: an unknown instruction below one that looks unfinished says so",
          "[dockerfile]") {
  const Diagnostic error = only_error("FROM scratch\nCMD a && \nxyz b\n");
  CHECK(error.helps == Strings{"if it continues the instruction above, end line 2 with \"\\\""});
}

TEST_CASE("dockerfile.md 17: all mistakes of a file are found at once", "[dockerfile]") {
  CHECK(errors_of("FROM a AS\nCPOY x\nENV\nCOPY --x=1 a b\nUSER\n") ==
        Strings{"arguments-missing 1:8+2", "unknown-instruction 2:1+4", "arguments-missing 3:1+3",
                "unknown-flag 4:6+3", "arguments-missing 5:1+4"});
}

TEST_CASE(
    "dockerfile.md 3.3, 17: an unknown flag is marked without its value and names the nearest",
    "[dockerfile]") {
  const Diagnostic error = only_error("FROM scratch\nCOPY --chmd=755 app /usr/bin/\n");
  CHECK(brief(error) == "unknown-flag 2:6+6");
  CHECK(error.message == "COPY has no flag \"--chmd\"");
  CHECK(error.helps == Strings{"did you mean \"--chmod\"?"});
  CHECK(error_of("COPY --Chown=1 a b") == Strings{"unknown-flag 2:6+7"});
  CHECK(error_of("ENV --a=1 b=c") == Strings{"unknown-flag 2:5+3"});
  CHECK(error_of("CMD --verbose") == Strings{"unknown-flag 2:5+9"});
  CHECK(error_of("RUN --mont=x y") == Strings{"unknown-flag 2:5+6"});
}

TEST_CASE(
    "dockerfile.md 3.3, 17: a flag needs its value, is not repeated, and a boolean is true or "
    "false",
    "[dockerfile]") {
  CHECK(error_of("COPY --chown 1 a b") == Strings{"flag-value-missing 2:6+7"});
  CHECK(error_of("COPY --chown=1 --chown=2 a b") == Strings{"flag-repeated 2:16+7"});
  CHECK(error_of("COPY --exclude=1 --exclude=2 a b").empty());
  CHECK(error_of("COPY --link=maybe a b") == Strings{"flag-value-invalid 2:13+5"});
  CHECK(error_of("COPY --link=FALSE a b").empty());
}

TEST_CASE("dockerfile.md 3.2: flags quote and escape, and -- ends them", "[dockerfile]") {
  const auto copy = one<Copy>("COPY --chown=\"a'b\":c\\ d -- --from /x");
  CHECK(copy.chown->text == "a'b:c d");
  CHECK(texts(copy.sources) == Strings{"--from"});
  CHECK(copy.destination.text == "/x");
  CHECK(copy.chown->span.column == 14);
}

TEST_CASE("dockerfile.md 3.5, 4.9: COPY takes words or JSON", "[dockerfile]") {
  const auto words = one<Copy>("COPY --from=Base a \"b c /d");
  CHECK(words.from->text == "Base");
  CHECK(texts(words.sources) == Strings{"a", "\"b", "c"});
  const auto json = one<Copy>("COPY --chmod=644 [\"a b\", \"<<c\",   \"/d\"]");
  CHECK(texts(json.sources) == Strings{"a b", "<<c"});
  CHECK(json.destination.span.column == 35);
  CHECK(json.destination.span.length == 4);
  CHECK(error_of("COPY a") == Strings{"arguments-missing 2:1+4"});
  CHECK(error_of("COPY [\"a\"]") == Strings{"arguments-missing 2:1+4"});
  CHECK(error_of("COPY --from=$x a b") == Strings{"copy-from-variable 2:13+2"});
}

TEST_CASE("dockerfile.md 3.3: COPY and ADD keep all their flags, a list each of its values",
          "[dockerfile]") {
  const auto copy = one<Copy>("COPY --link --parents=true --exclude=a --exclude=$b --exclude= x /");
  CHECK(copy.link);
  CHECK(copy.parents);
  CHECK(texts(copy.exclude) == Strings{"a", "$b"});
  const auto plain = one<Copy>("COPY --link=false --parents=FALSE a b");
  CHECK_FALSE(plain.link);
  CHECK_FALSE(plain.parents);
  const auto add =
      one<Add>("ADD --checksum=sha256:1 --unpack=false --keep-git-dir --chown=1 a b /");
  CHECK(add.checksum->text == "sha256:1");
  CHECK(add.unpack == false);
  CHECK(add.keep_git_dir);
  CHECK(add.files.chown->text == "1");
  CHECK(texts(add.files.sources) == Strings{"a", "b"});
  CHECK_FALSE(one<Add>("ADD a b").unpack);
  CHECK(error_of("ADD a") == Strings{"arguments-missing 2:1+3"});
  CHECK(error_of("ADD --from=x a b") == Strings{"unknown-flag 2:5+6"});
  CHECK(error_of("ADD --parents a b") == Strings{"unknown-flag 2:5+9"});
  CHECK(error_of("COPY --checksum=sha256:1 a b") == Strings{"unknown-flag 2:6+10"});
}

TEST_CASE("dockerfile.md 13.13: ONBUILD needs an instruction that may be a trigger",
          "[dockerfile]") {
  CHECK(error_of("ONBUILD") == Strings{"arguments-missing 2:1+7"});
  CHECK(error_of("ONBUILD from x") == Strings{"onbuild-invalid 2:9+4"});
  CHECK(error_of("ONBUILD ONBUILD RUN x") == Strings{"onbuild-invalid 2:9+7"});
  CHECK(error_of("ONBUILD Maintainer x") == Strings{"onbuild-invalid 2:9+10"});
  CHECK(error_of("ONBUILD env A=b c") == Strings{"equals-missing 2:17+1"});
  CHECK(error_of("ONBUILD LABEL A") == Strings{"arguments-missing 2:15+1"});
  CHECK(error_of("ONBUILD LABEL").empty());
  CHECK(error_of("ONBUILD EXPOSE x y=z").empty());
}

TEST_CASE("dockerfile.md 6.1, 17: FROM has one word, or three with AS", "[dockerfile]") {
  const Parsed parsed("FROM --platform=$P a:1 as BuildEr\n");
  CHECK(parsed.body<From>(0).image.text == "a:1");
  CHECK(parsed.body<From>(0).platform->text == "$P");
  CHECK(parsed.body<From>(0).name->text == "builder");
  CHECK(errors_of("FROM\n") == Strings{"arguments-missing 1:1+4"});
  CHECK(errors_of("FROM a b\n") == Strings{"arguments-too-many 1:8+1"});
  CHECK(errors_of("FROM a bs c\n") == Strings{"arguments-too-many 1:8+2"});
  CHECK(errors_of("FROM a AS b c\n") == Strings{"arguments-too-many 1:13+1"});
  CHECK(errors_of("FROM a AS 1b\n") == Strings{"stage-name-invalid 1:11+2"});
  CHECK(errors_of("FROM a AS b/c\n") == Strings{"stage-name-invalid 1:11+3"});
}

TEST_CASE("dockerfile.md 3.6, 3.7, 17: ENV and LABEL have NAME=value words, or one legacy pair",
          "[dockerfile]") {
  const auto env = one<Env>("ENV a=\"b c\" d='e f'g h=i\\ j k=");
  REQUIRE(env.pairs.size() == 4);
  CHECK(env.pairs[0].value.text == "\"b c\"");
  CHECK(env.pairs[1].value.text == "'e f'g");
  CHECK(env.pairs[2].value.text == "i\\ j");
  CHECK(env.pairs[3].value.text.empty());
  const auto legacy = one<Label>("LABEL a  b=c   d");
  CHECK(legacy.pairs.at(0).key.text == "a");
  CHECK(legacy.pairs.at(0).value.text == "b=c   d");
  CHECK(one<Env>("ENV a b").legacy);
  CHECK(legacy.legacy);
  CHECK(!env.legacy);
  CHECK(error_of("ENV a") == Strings{"arguments-missing 2:5+1"});
  CHECK(error_of("ENV a=b c d=e") == Strings{"equals-missing 2:9+1"});
  CHECK(error_of("ENV a=b =c") == Strings{"name-empty 2:9+2"});
  CHECK(error_of("LABEL =c") == Strings{"name-empty 2:7+2"});
}

TEST_CASE("dockerfile.md 3.6, 13.14: ARG has names with or without default", "[dockerfile]") {
  const auto arg = one<Arg>("ARG A B=\"x y\" C=");
  REQUIRE(arg.entries.size() == 3);
  CHECK_FALSE(arg.entries[0].value);
  CHECK(arg.entries[1].value->text == "\"x y\"");
  CHECK(arg.entries[2].value->text.empty());
  CHECK(error_of("ARG") == Strings{"arguments-missing 2:1+3"});
  CHECK(error_of("ARG =x") == Strings{"name-empty 2:5+2"});
}

TEST_CASE("dockerfile.md 3.8: the rest of the line is one argument", "[dockerfile]") {
  CHECK(one<Workdir>("WORKDIR  /with  two ").path.text == "/with  two");
  CHECK(one<User>("USER a b").user.text == "a b");
  CHECK(one<StopSignal>("STOPSIGNAL SIGTERM").signal.text == "SIGTERM");
  CHECK(one<Maintainer>("MAINTAINER A  \"B\" <c@d>").text.text == "A  \"B\" <c@d>");
  CHECK(warnings_of("FROM a\nMAINTAINER x\n") == Strings{"MaintainerDeprecated 2:1+10"});
  for (const std::string keyword :
       {"WORKDIR", "USER", "STOPSIGNAL", "MAINTAINER", "EXPOSE", "VOLUME"}) {
    CHECK(error_of(keyword) == Strings{"arguments-missing 2:1+" + std::to_string(keyword.size())});
  }
}

TEST_CASE("dockerfile.md 3.4, 3.5, 13.11: VOLUME takes words or JSON, EXPOSE words",
          "[dockerfile]") {
  CHECK(texts(one<Volume>("VOLUME /a /b").paths) == Strings{"/a", "/b"});
  CHECK(texts(one<Volume>("VOLUME [\"/a b\"]").paths) == Strings{"/a b"});
  CHECK(texts(one<Expose>("EXPOSE 80 53/udp").ports) == Strings{"80", "53/udp"});
}

TEST_CASE("dockerfile.md 13.8, 17: SHELL takes a JSON list that is not empty", "[dockerfile]") {
  CHECK(one<Shell>("SHELL [\"/bin/ash\", \"-c\"]").shell == Strings{"/bin/ash", "-c"});
  CHECK(error_of("SHELL /bin/ash -c") == Strings{"shell-not-json 2:7+11"});
  CHECK(error_of("SHELL []") == Strings{"shell-not-json 2:7+2"});
  CHECK(error_of("SHELL") == Strings{"shell-not-json 2:1+5"});
}

TEST_CASE("dockerfile.md 13.9, 17: HEALTHCHECK has options, a command or NONE", "[dockerfile]") {
  const auto check = one<HealthcheckInstruction>(
                         "HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=300ms "
                         "--start-interval=2h --retries=3 cmd curl  x")
                         .check;
  CHECK(check.test == Strings{"CMD-SHELL", "curl  x"});
  CHECK(check.interval == 90'000'000'000);
  CHECK(check.timeout == 1'500'000'000);
  CHECK(check.start_period == 300'000'000);
  CHECK(check.start_interval == 7'200'000'000'000);
  CHECK(check.retries == 3);
  CHECK(one<HealthcheckInstruction>("HEALTHCHECK CMD [\"a\", \"b\"]").check.test ==
        Strings{"CMD", "a", "b"});
  CHECK(one<HealthcheckInstruction>("HEALTHCHECK None").check.test == Strings{"NONE"});
  CHECK(error_of("HEALTHCHECK NONE x") == Strings{"arguments-too-many 2:18+1"});
  CHECK(error_of("HEALTHCHECK --retries=1 NONE") == Strings{"arguments-too-many 2:13+9"});
  CHECK(error_of("HEALTHCHECK CMD") == Strings{"arguments-missing 2:1+11"});
  CHECK(error_of("HEALTHCHECK CMD []") == Strings{"arguments-missing 2:1+11"});
  CHECK(error_of("HEALTHCHECK") == Strings{"arguments-missing 2:1+11"});
  CHECK(error_of("HEALTHCHECK curl x") == Strings{"healthcheck-type 2:13+4"});
  CHECK(error_of("HEALTHCHECK --interval=5 CMD x") == Strings{"duration-invalid 2:24+1"});
  CHECK(error_of("HEALTHCHECK --timeout=1us CMD x") == Strings{"duration-invalid 2:23+3"});
  CHECK(error_of("HEALTHCHECK --retries=-1 CMD x") == Strings{"retries-invalid 2:23+2"});
}

TEST_CASE("dockerfile.md 18.2: # check=skip leaves warnings out, error=true makes them errors",
          "[dockerfile]") {
  const std::string body = "FROM a\nMAINTAINER x\nFROM a AS B\n";
  CHECK(warnings_of(body).size() == 2);
  CHECK(warnings_of("# check=skip=all\n" + body).empty());
  CHECK(warnings_of("# check=skip=maintainerdeprecated\n" + body) ==
        Strings{"StageNameCasing 4:11+1"});
  CHECK(warnings_of("# check=error=true;skip=MaintainerDeprecated\n" + body).empty());
  CHECK(errors_of("# check=error=true;skip=MaintainerDeprecated\n" + body) ==
        Strings{"StageNameCasing 4:11+1"});
  CHECK(warnings_of("# check=what;skip=;error=perhaps\nFROM a\n") ==
        Strings{"check-option-unknown 1:9+24", "check-option-unknown 1:9+24",
                "check-option-unknown 1:9+24"});
}

TEST_CASE("dockerfile.md 3.2, 3.3: corners of flags", "[dockerfile]") {
  CHECK(one<Copy>("COPY --chown='a\"b' x /").chown->text == "a\"b");
  CHECK(one<Copy>("COPY --chown=a\\ b x /").chown->text == "a b");
  CHECK(texts(one<Copy>("COPY -- --link /").sources) == Strings{"--link"});
  CHECK(texts(one<Copy>("COPY a --link /").sources) == Strings{"a", "--link"});
  CHECK_FALSE(one<Copy>("COPY --chown= a /").chown);
  CHECK(error_of("COPY --link= a /") == Strings{"flag-value-invalid 2:13+1"});
  CHECK(error_of("COPY --link --link=true a /") == Strings{"flag-repeated 2:13+6"});
  CHECK(error_of("ARG --x A") == Strings{"unknown-flag 2:5+3"});
  CHECK(error_of("ONBUILD --x RUN y") == Strings{"unknown-flag 2:9+3"});
}

TEST_CASE("dockerfile.md 3.4: JSON may hold escapes, but no keys and no arrays", "[dockerfile]") {
  CHECK(one<Volume>("VOLUME [\"\\u0041\"]").paths.at(0).text == "A");
  CHECK(error_of("CMD [[\"a\"]]") == Strings{"json-form-type 2:5+7"});
  CHECK(error_of("CMD [{\"a\": \"b\"}]") == Strings{"json-form-type 2:5+12"});
  CHECK(one<Entrypoint>("ENTRYPOINT []").command.exec == Strings{});
}
