// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 1.6, 2 and 10.
#include "dockerfile/parser.hpp"
#include "parse_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using dockerfile::Cmd;
using dockerfile::Copy;
using dockerfile::Env;
using dockerfile::Onbuild;
using dockerfile::Run;

namespace {

/// Text of the CMD that follows FROM.
std::string cmd_text(std::string_view text) {
  const Parsed parsed(text);
  REQUIRE(brief(parsed.diagnostics.errors()) == Strings{});
  return parsed.body<Cmd>(1).command.shell_text;
}

}  // namespace

TEST_CASE(
    "dockerfile.md 2.6: a continued line keeps the leading blanks of the next one, and none is "
    "added",
    "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a \\\n   b\n") == "a    b");
  CHECK(cmd_text("FROM scratch\nCMD on\\\nly\n") == "only");
  CHECK(cmd_text("FROM scratch\nCMD a\\  \t\nb\n") == "ab");
}

TEST_CASE("dockerfile.md 2.6: two escape characters at the end do not continue a line",
          "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a\\\\\n") == "a\\\\");
  CHECK(errors_of("FROM scratch\nCMD a\\\\\nb\n") == Strings{"unknown-instruction 3:1+1"});
}

TEST_CASE("dockerfile.md 2.6, 2.8: a lone escape character continues, also before an instruction",
          "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a \\\n\\\nb\n") == "a b");
  const Parsed parsed("FROM scratch\n\\\n  CMD x\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{});
  CHECK(parsed.file.instructions[1].text == "CMD x");
  CHECK(parsed.file.instructions[1].span.line == 3);
  CHECK(parsed.file.instructions[1].span.column == 3);
}

TEST_CASE(
    "dockerfile.md 2.4, 2.7: comments vanish inside a continued instruction, a # later in a line "
    "does not",
    "[dockerfile]") {
  CHECK(cmd_text("# top\nFROM scratch\nCMD a \\\n  # no \\\n# no\n b # yes\n") == "a  b # yes");
}

TEST_CASE("dockerfile.md 2.7: an empty line inside an instruction vanishes with a warning",
          "[dockerfile]") {
  const std::string text = "FROM scratch\nCMD [\"a\", \\\n\n  \"b\"]\n";
  CHECK(errors_of(text).empty());
  CHECK(warnings_of(text) == Strings{"NoEmptyContinuation 3:1+1"});
  CHECK(Parsed(text).body<Cmd>(1).command.exec == Strings{"a", "b"});
}

TEST_CASE(
    "dockerfile.md 2.7: an empty line behind the last continuation is part of the instruction",
    "[dockerfile]") {
  const Parsed parsed("FROM scratch\nCMD [\"a\"] \\\n\n");
  REQUIRE(brief(parsed.diagnostics.warnings()) == Strings{"NoEmptyContinuation 3:1+1"});
  CHECK(parsed.diagnostics.warnings()[0].where->excerpt == Strings{"CMD [\"a\"] \\", ""});
}

TEST_CASE("dockerfile.md 2.7: a continuation at the end of the file ends the instruction",
          "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a \\") == "a");
  CHECK(errors_of("FROM scratch\n\\\n") == Strings{});
}

TEST_CASE("dockerfile.md 1.6: a BOM and CRLF line ends are no text, a lone CR is none either",
          "[dockerfile]") {
  CHECK(cmd_text("\xEF\xBB\xBF"
                 "FROM scratch\r\nCMD a \\\r\nb\r\n") == "a b");
  CHECK(cmd_text("FROM scratch\nCMD a\rb\n") == "a\rb");
}

TEST_CASE("dockerfile.md 1.6: bytes that are no UTF-8 pass through", "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD \xFF\xFE\n") == "\xFF\xFE");
}

TEST_CASE(
    "dockerfile.md 2.5, 3.1: blanks before an instruction are dropped and keywords have any case",
    "[dockerfile]") {
  const Parsed parsed("  \tfrom scratch\n\n   CmD\tx\n");
  CHECK(parsed.file.instructions[0].keyword == "FROM");
  CHECK(parsed.file.instructions[1].keyword == "CMD");
  CHECK(parsed.body<Cmd>(1).command.shell_text == "x");
}

TEST_CASE("dockerfile.md 2.1: a directive counts only at the top: a comment ends them",
          "[dockerfile]") {
  CHECK(Parsed("# escape=`\nFROM a\n").file.escape == '`');
  CHECK(Parsed("  #  EsCaPe = `  \nFROM a\n").file.escape == '`');
  CHECK(Parsed("# syntax=x\n# escape=`\nFROM a\n").file.escape == '`');
  CHECK(Parsed("# comment\n# escape=`\nFROM a\n").file.escape == '\\');
  CHECK(Parsed("# foo=bar\n# escape=`\nFROM a\n").file.escape == '\\');
  CHECK(Parsed("\n# escape=`\nFROM a\n").file.escape == '\\');
  CHECK(Parsed("# escape=\n# check=skip=all\nFROM a\n").file.checks.rules.skip_all == false);
}

TEST_CASE("dockerfile.md 2.1, 2.6: the escape directive moves the continuation character",
          "[dockerfile]") {
  CHECK(cmd_text("# escape=`\nFROM scratch\nCMD a\\ `\nb\n") == "a\\ b");
}

TEST_CASE("dockerfile.md 2.2, 17: a directive twice or with a wrong value is an error at its value",
          "[dockerfile]") {
  CHECK(errors_of("# escape=`\n# escape=`\nFROM a\n") == Strings{"directive-repeated 2:10+1"});
  CHECK(errors_of("# syntax=a\n# SYNTAX=b\nFROM a\n") == Strings{"directive-repeated 2:10+1"});
  CHECK(errors_of("# escape=xy\nFROM a\n") == Strings{"escape-invalid 1:10+2"});
  CHECK(Parsed("# escape=`\n# escape=`\nFROM a\n").diagnostics.errors()[0].message ==
        "the directive \"escape\" stands on line 1 and again on line 2");
}

TEST_CASE("dockerfile.md 2.3: a frontend that is another language is warned about, and not fetched",
          "[dockerfile]") {
  for (const char* own : {"docker/dockerfile:1", "docker.io/docker/dockerfile:1.7-labs",
                          "docker/dockerfile", "docker/dockerfile-upstream:master x"}) {
    CAPTURE(own);
    CHECK(warnings_of("# syntax=" + std::string(own) + "\nFROM a\n") == Strings{});
  }
  for (const char* other : {"tonistiigi/buildpacks", "ghcr.io/docker/dockerfile:1", "UPPER"}) {
    CAPTURE(other);
    CHECK(warnings_of("# syntax=" + std::string(other) + "\nFROM a\n")
              .at(0)
              .starts_with("syntax-ignored 1:10+"));
  }
  CHECK(warnings_of("# syntax=x\n# check=skip=syntax-ignored\nFROM a\n") == Strings{});
}

TEST_CASE("dockerfile.md 2.10, 6.2, 17: a file without instruction, or without FROM, is an error",
          "[dockerfile]") {
  CHECK(errors_of("") == Strings{"dockerfile-empty 1:1+1"});
  CHECK(errors_of("# only\n\n") == Strings{"dockerfile-empty 1:1+1"});
  CHECK(errors_of("ARG A\n") == Strings{"from-missing 1:1+3"});
  CHECK(errors_of("ARG A\nENV a=b\nCMD x\nFROM a\n") == Strings{"instruction-before-from 2:1+3"});
  CHECK(errors_of("FROM a b\nCMD x\n") == Strings{"arguments-too-many 1:8+1"});
}

TEST_CASE("dockerfile.md 10.1, 10.2: bodies follow the line in the order of the words, raw",
          "[dockerfile]") {
  const Parsed parsed(
      "FROM scratch\n"
      "RUN <<EOF bash\nFROM x\nNONSENSE\n  EOF\nEOF\n"
      "COPY <<-'A' /src <<\"B\" /d/\nx \\\n\t\t# y\n\t\tA\nENV\nB\n"
      "ADD <<C /x\nC\n"
      "CMD x\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{});
  REQUIRE(parsed.file.instructions.size() == 5);
  REQUIRE(parsed.body<Run>(1).heredocs.size() == 1);
  CHECK(parsed.body<Run>(1).heredocs[0].body == "FROM x\nNONSENSE\n  EOF\n");
  CHECK(parsed.body<Run>(1).command.shell_text == "<<EOF bash");
  const auto& copy = parsed.body<Copy>(2);
  REQUIRE(copy.heredocs.size() == 2);
  CHECK(copy.heredocs[0].name.text == "A");
  CHECK(copy.heredocs[0].name.span.column == 6);
  CHECK_FALSE(copy.heredocs[0].expand);
  CHECK(copy.heredocs[1].name.text == "B");
  CHECK(copy.heredocs[1].body == "ENV\n");
  CHECK_FALSE(copy.heredocs[1].expand);
  REQUIRE(copy.sources.size() == 1);
  CHECK(copy.sources[0].text == "/src");
  CHECK(copy.destination.text == "/d/");
  CHECK(parsed.body<dockerfile::Add>(3).files.heredocs[0].body.empty());
  CHECK(parsed.body<dockerfile::Add>(3).files.heredocs[0].expand);
  CHECK(parsed.file.instructions[4].span.line == 15);
}

TEST_CASE("dockerfile.md 10.3: <<- removes tabs at the front of each line, CRLF bodies keep CR",
          "[dockerfile]") {
  const Parsed tabs("FROM scratch\nCOPY <<-E /x\n\t\ta\tb\n \tc\n\n\t\n\tE\n");
  CHECK(tabs.body<Copy>(1).heredocs[0].body == "a\tb\n \tc\n\n\n");
  const Parsed crlf("FROM scratch\r\nCOPY <<E /x\r\na\r\nb\nE\r\n");
  CHECK(crlf.body<Copy>(1).heredocs[0].body == "a\r\nb\n");
}

TEST_CASE("dockerfile.md 10.5: a heredoc is no destination", "[dockerfile]") {
  CHECK(errors_of("FROM scratch\nCOPY a <<E\nE\n") == Strings{"heredoc-destination 2:8+3"});
  CHECK(errors_of("FROM scratch\nADD <<A <<B\nA\nB\n") == Strings{"heredoc-destination 2:9+3"});
  CHECK(errors_of("FROM scratch\nCOPY <<E\nE\n") == Strings{"arguments-missing 2:1+4"});
}

TEST_CASE("dockerfile.md 3.9, 10.8, 13.13: ONBUILD keeps its text, heredoc bodies included",
          "[dockerfile]") {
  const Parsed parsed(
      "FROM scratch\nONBUILD copy  <<-A <<B   /d/\n\tx\n\tA\ny\nB\n"
      "ONBUILD   Run   echo \\\n  hi \nONBUILD NONSENSE\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{});
  CHECK(parsed.body<Onbuild>(1).trigger == "copy  <<-A <<B   /d/\n\tx\nA\ny\nB");
  CHECK(parsed.body<Onbuild>(2).trigger == "Run   echo   hi ");
  CHECK(parsed.body<Onbuild>(3).trigger == "NONSENSE");
}

TEST_CASE("dockerfile.md 10.1: << is text in JSON, in quotes, in other instructions and as <<<",
          "[dockerfile]") {
  for (const char* line : {"RUN [\"cat\", \"<<EOF\"]", "RUN echo \"<<EOF\"", "RUN cat <<<EOF",
                           "CMD cat <<EOF", "ENV A=<<EOF", "RUN echo $((1<<2))"}) {
    CAPTURE(line);
    const Parsed parsed("FROM scratch\n" + std::string(line) + "\nUSER x\n");
    CHECK(parsed.file.instructions.size() == 3);
  }
}

TEST_CASE("dockerfile.md 10.2, 17: a heredoc without end is an error at its word", "[dockerfile]") {
  const Parsed parsed("FROM scratch\nRUN cat <<EOF \\\n  >f\nEOF2\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{"heredoc-unterminated 2:9+5"});
  CHECK(parsed.diagnostics.errors()[0].message ==
        "no line \"EOF\" ends the heredoc that starts on line 2");
}

TEST_CASE("dockerfile.md 2.9, 17: marks map through continuation lines to physical lines",
          "[dockerfile]") {
  const Parsed parsed("FROM scratch\n  ENV A=1 \\\n# note\n     B=2 C\\\nC=33\n");
  const auto& pairs = parsed.body<Env>(1).pairs;
  REQUIRE(pairs.size() == 3);
  CHECK(pairs[1].key.span.line == 4);
  CHECK(pairs[1].key.span.column == 6);
  CHECK(pairs[2].key.text == "CC");
  CHECK(pairs[2].key.span.line == 4);
  CHECK(pairs[2].key.span.column == 10);
  CHECK(pairs[2].key.span.length == 1);  // never past the end of the line
  CHECK(pairs[2].value.span.line == 5);
  CHECK(pairs[2].value.span.column == 3);
  const SourceRange range = parsed.file.source.range(pairs[2].value.span);
  CHECK(range.first_line == 2);
  CHECK(range.excerpt == Strings{"  ENV A=1 \\", "# note", "     B=2 C\\", "C=33"});
}

TEST_CASE("dockerfile.md 1.6: ten megabytes are parsed in linear time", "[dockerfile]") {
  std::string one = "FROM scratch\nENV";
  for (int i = 0; i < 400'000; ++i)
    one += " \\\n  K" + std::to_string(i) + "=$v" + std::to_string(i);
  CHECK(errors_of(one).empty());
  std::string many = "FROM scratch\n";
  for (int i = 0; i < 400'000; ++i) many += "ENVI A=$A$B$C$D$E$F\n";
  CHECK(errors_of(many).size() == 400'000);
  CHECK(errors_of("FROM scratch\nLABEL a=\"" + std::string(10'000'000, 'x') + "\"\n").empty());
}
