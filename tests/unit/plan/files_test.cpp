// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 7, 9, 10 and 15.2: what COPY and ADD ask for.
#include "plan/evaluator.hpp"
#include "plan_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using plan::CopyStep;

namespace {

Planned on_scratch(const std::string& lines) {
  return Planned("FROM scratch\n" + lines);
}

Strings errors_on_scratch(const std::string& line) {
  return on_scratch(line + "\n").errors();
}

/// What a heredoc with this body writes, V being "v w".
std::string body(const std::string& text) {
  const Planned planned("# escape=`\nFROM scratch\nENV V=\"v w\"\nCOPY <<E /x\n" + text + "E\n");
  if (!planned.errors().empty()) return planned.errors().front();
  return planned.copy(1).inline_files.at(0).content;
}

const std::string digest = "sha256:" + std::string(64, 'a');

}  // namespace

TEST_CASE("dockerfile.md 7.18, 7.19, 7.20: flags of COPY reach the step, --link not with --chmod",
          "[plan]") {
  const Planned planned = on_scratch(
      "ENV X=1\nCOPY --link --parents --exclude=$X --exclude=!b a /d/\n"
      "COPY --link --chmod=600 a /d/\nCOPY --link --chmod=$Y a /d/\n");
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.copy(1).link);
  CHECK(planned.copy(1).parents);
  REQUIRE(planned.copy(1).exclude.size() == 2);
  CHECK(planned.copy(1).exclude[0].text == "$X");
  CHECK(planned.copy(1).exclude[1].text == "!b");
  CHECK_FALSE(planned.copy(1).unpack);
  CHECK_FALSE(planned.copy(2).link);
  CHECK(planned.copy(3).link);
}

TEST_CASE("dockerfile.md 9.1, 9.2: ADD of local files is COPY that unpacks archives", "[plan]") {
  const Planned planned =
      on_scratch("ADD a <<E /d/\nx\nE\nADD --unpack=false --link a /d\nADD --unpack b /d\n");
  REQUIRE(planned.errors() == Strings{});
  CHECK(planned.copy(0).unpack);
  CHECK(planned.copy(0).inline_files.size() == 1);
  CHECK_FALSE(planned.copy(1).unpack);
  CHECK(planned.copy(1).link);
  CHECK(planned.copy(2).unpack);
  CHECK(std::holds_alternative<plan::FromContext>(planned.copy(0).from));
}

TEST_CASE("dockerfile.md 9.1, 9.7, 9.8: a URL without digest and git are refused when needed",
          "[plan]") {
  CHECK(errors_on_scratch("ADD https://h/x.tar http://h/y.git#main /") ==
        Strings{"add-url-unverified 2:5+15", "add-git-unsupported 2:21+19"});
  for (const char* git : {"git@h:o/r", "git://h/r", "ssh://git@h/r", "https://h/r.git?ref=v1"}) {
    CAPTURE(git);
    CHECK(errors_on_scratch("ADD " + std::string(git) + " /").at(0).starts_with("add-git"));
    CHECK(
        errors_on_scratch("COPY " + std::string(git) + " /").at(0).starts_with("copy-source-rem"));
  }
  CHECK(errors_on_scratch("ENV U=https://h/x\nADD $U /") == Strings{"add-url-unverified 3:5+2"});
  CHECK(on_scratch("ADD https://h/x /\nFROM scratch\n").errors() == Strings{});
  CHECK(on_scratch("ADD github.com/o/r httpx /\n").errors() == Strings{});
}

TEST_CASE("dockerfile.md 9.7: --checksum is a digest of one URL", "[plan]") {
  CHECK(errors_on_scratch("ADD --checksum=" + digest + " a /") ==
        Strings{"checksum-without-url 2:16+71"});
  CHECK(errors_on_scratch("ADD --checksum=" + digest + " https://h/x https://h/y /") ==
        Strings{"checksum-without-url 2:16+71"});
  CHECK(errors_on_scratch("ADD --checksum=sha256:12 https://h/x /") ==
        Strings{"checksum-invalid 2:16+9"});
  CHECK(errors_on_scratch("ADD --checksum=sha512:" + std::string(128, 'a') + " https://h/x /") ==
        Strings{"checksum-invalid 2:16+135"});
  CHECK(errors_on_scratch("ADD --checksum=" + digest + " <<E /\nE") ==
        Strings{"checksum-without-url 2:16+71"});
}

TEST_CASE("dockerfile.md 9.7: ADD of a URL is a download, unpacked when asked for", "[plan]") {
  const Planned planned = on_scratch("ENV D=" + digest +
                                     " H=h\nADD --checksum=$D https://$H/x /\n"
                                     "ADD --unpack --checksum=$D https://h/y /\n");
  REQUIRE(planned.errors() == Strings{});
  REQUIRE(planned.copy(1).download);
  CHECK(planned.copy(1).download->url.text == "https://h/x");
  CHECK(planned.copy(1).download->checksum.str() == digest);
  CHECK(planned.copy(1).sources.empty());
  CHECK_FALSE(planned.copy(1).unpack);
  CHECK(planned.copy(2).unpack);
}

TEST_CASE("dockerfile.md 10.6: in a body quotes are text and every backslash is eaten", "[plan]") {
  CHECK(body("a\\nb 'c' \"d\" `\n") == "anb 'c' \"d\" `\n");
  CHECK(body("\\\\ \\$V '$V' \"${V:-x}\"  $V\n") == "\\ $V 'v w' \"v w\"  v w\n");
  CHECK(body("a \\\nb\n") == "a \nb\n");
  CHECK(body("${N:-\"q\"}\n") == "\"q\"\n");
  CHECK(body("$\n${N:+x}.\n") == "$\n.\n");
  CHECK(body("${V\n") == "substitution-invalid 4:6+3");
  const Planned quoted = on_scratch("COPY <<\"E\" /x\n$V \\n\nE\n");
  CHECK(quoted.copy(0).inline_files.at(0).content == "$V \\n\n");
  CHECK(on_scratch("COPY <<E /x\n$N\nE\n").warnings() == Strings{"UndefinedVar 2:6+3"});
}

TEST_CASE("dockerfile.md 10.4, 7.1: a heredoc is a file of its name behind all other sources",
          "[plan]") {
  const Planned planned = on_scratch("COPY <<'a b' <<$N c /d/\n1\n$N\n");
  CHECK_FALSE(planned.errors().empty());  // a name with blanks is none
  const Planned good = on_scratch("COPY <<a c <<b.txt /d/\n1\na\n2\nb.txt\n");
  REQUIRE(good.errors() == Strings{});
  REQUIRE(good.copy(0).inline_files.size() == 2);
  CHECK(good.copy(0).inline_files[1].name.text == "b.txt");
  CHECK(good.copy(0).inline_files[1].content == "2\n");
  CHECK(good.copy(0).sources.size() == 1);
}

TEST_CASE("dockerfile.md 15.2: history of COPY and ADD", "[plan]") {
  CHECK(history_of("COPY --link --exclude=z --parents --chown=1:2 a <<'E' b /d/\nE\n"
                   "ADD --chmod=600 --unpack=false a /d\nADD <<A <<B /d/\nA\nB\n") ==
        Strings{"COPY --parents --chown=1:2 a b <<E /d/ # buildkit",
                "ADD --chmod=600 a /d # buildkit", "ADD <<A <<B /d/ # buildkit"});
}
