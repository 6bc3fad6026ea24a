// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/comments.hpp"
#include "parse_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using test::Parsed;
using test::Strings;
using test::warnings_of;

TEST_CASE("dockerfile.md 18.1: stage names and AS are looked at in every stage", "[dockerfile]") {
  CHECK(warnings_of("FROM a AS Base\nFROM Base as two\n") ==
        Strings{"StageNameCasing 1:11+4", "FromAsCasing 2:11+2"});
  CHECK(warnings_of("from a as base\nfrom a AS two\n") == Strings{"FromAsCasing 2:8+2"});
  // FROM itself is wrong then, and AS has nothing to match.
  CHECK(warnings_of("From a as base\n") == Strings{"ConsistentInstructionCasing 1:1+4"});
  CHECK(warnings_of("FROM a AS context\n") == Strings{"ReservedStageName 1:11+7"});
}

TEST_CASE("dockerfile.md 18.1: most instructions decide on the case, a draw on capitals",
          "[dockerfile]") {
  CHECK(warnings_of("from a\nlabel a=1\nLABEL b=1\n") ==
        Strings{"ConsistentInstructionCasing 3:1+5"});
  CHECK(warnings_of("FROM a\nlabel a=1\n") == Strings{"ConsistentInstructionCasing 2:1+5"});
  CHECK(warnings_of("arg A\narg B\nFROM a\n").empty());
}

TEST_CASE("dockerfile.md 18.2: a comment above an instruction chooses rules for it alone",
          "[dockerfile]") {
  const std::string rest =
      "FROM a AS Up\n# check=skip=StageNameCasing for a reason\n\nFROM a AS Up2\n";
  CHECK(warnings_of(rest) == Strings{"StageNameCasing 1:11+2"});
  CHECK(warnings_of("FROM a\n# check=skip=StageNameCasing\n#\nFROM a AS Up\n") ==
        Strings{"StageNameCasing 4:11+2"});
}

TEST_CASE("dockerfile.md 18.2: the rule about descriptions is off until experimental= names it",
          "[dockerfile]") {
  const std::string text = "# words\nFROM a AS base\n";
  CHECK(warnings_of(text).empty());
  for (const std::string option : {"experimental=all", "experimental=invaliddefinitiondescription",
                                   "skip=all;experimental=all"}) {
    CAPTURE(option);
    CHECK(warnings_of("# check=" + option + "\n" + text) ==
          Strings{"InvalidDefinitionDescription 3:1+4"});
  }
  CHECK(warnings_of("# check=experimental=all\n# base: words\n# base is it\nFROM a AS base\n")
            .empty());
}

TEST_CASE("dockerfile.md 2.1: a directive is no comment of the instruction below", "[dockerfile]") {
  const Parsed parsed("# check=experimental=all\n# one\n\n#two\nFROM a AS base\n");
  const auto comments = dockerfile::comments_above(parsed.file.source, parsed.file.checks, 5);
  CHECK(std::vector<std::string>(comments.begin(), comments.end()) == Strings{"one", "two"});
}

TEST_CASE("dockerfile.md 18.4: what was left out is known by its keyword", "[dockerfile]") {
  CHECK(Parsed("FORM a\nCOPY x\nFROM a\n").file.faulty == std::set<std::string>{"", "COPY"});
}
