// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 1.6, 2 and 10.
#include "dockerfile/parser.hpp"
#include "parse_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using dockerfile::Cmd;
using dockerfile::Env;
using dockerfile::Refused;

namespace {

/// Text of the CMD that follows FROM.
std::string cmd_text(std::string_view text) {
  const Parsed parsed(text);
  REQUIRE(brief(parsed.diagnostics.errors()) == Strings{});
  return parsed.body<Cmd>(1).command.shell_text;
}

}  // namespace

TEST_CASE("a continued line keeps the leading blanks of the next one, and none is added",
          "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a \\\n   b\n") == "a    b");
  CHECK(cmd_text("FROM scratch\nCMD on\\\nly\n") == "only");
  CHECK(cmd_text("FROM scratch\nCMD a\\  \t\nb\n") == "ab");
}

TEST_CASE("two escape characters at the end do not continue a line", "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a\\\\\n") == "a\\\\");
  CHECK(errors_of("FROM scratch\nCMD a\\\\\nb\n") == Strings{"unknown-instruction 3:1+1"});
}

TEST_CASE("a lone escape character continues, also before an instruction", "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a \\\n\\\nb\n") == "a b");
  const Parsed parsed("FROM scratch\n\\\n  CMD x\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{});
  CHECK(parsed.file.instructions[1].text == "CMD x");
  CHECK(parsed.file.instructions[1].span.line == 3);
  CHECK(parsed.file.instructions[1].span.column == 3);
}

TEST_CASE("comments vanish inside a continued instruction, a # later in a line does not",
          "[dockerfile]") {
  CHECK(cmd_text("# top\nFROM scratch\nCMD a \\\n  # no \\\n# no\n b # yes\n") == "a  b # yes");
}

TEST_CASE("an empty line inside an instruction vanishes with a warning", "[dockerfile]") {
  const std::string text = "FROM scratch\nCMD [\"a\", \\\n\n  \"b\"]\n";
  CHECK(errors_of(text).empty());
  CHECK(warnings_of(text) == Strings{"NoEmptyContinuation 3:1+1"});
  CHECK(Parsed(text).body<Cmd>(1).command.exec == Strings{"a", "b"});
}

TEST_CASE("an empty line behind the last continuation is part of the instruction", "[dockerfile]") {
  const Parsed parsed("FROM scratch\nCMD [\"a\"] \\\n\n");
  REQUIRE(brief(parsed.diagnostics.warnings()) == Strings{"NoEmptyContinuation 3:1+1"});
  CHECK(parsed.diagnostics.warnings()[0].where->excerpt == Strings{"CMD [\"a\"] \\", ""});
}

TEST_CASE("a continuation at the end of the file ends the instruction", "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD a \\") == "a");
  CHECK(errors_of("FROM scratch\n\\\n") == Strings{});
}

TEST_CASE("a BOM and CRLF line ends are no text, a lone CR is none either", "[dockerfile]") {
  CHECK(cmd_text("\xEF\xBB\xBF"
                 "FROM scratch\r\nCMD a \\\r\nb\r\n") == "a b");
  CHECK(cmd_text("FROM scratch\nCMD a\rb\n") == "a\rb");
}

TEST_CASE("bytes that are no UTF-8 pass through", "[dockerfile]") {
  CHECK(cmd_text("FROM scratch\nCMD \xFF\xFE\n") == "\xFF\xFE");
}

TEST_CASE("blanks before an instruction are dropped and keywords have any case", "[dockerfile]") {
  const Parsed parsed("  \tfrom scratch\n\n   CmD\tx\n");
  CHECK(parsed.file.instructions[0].keyword == "FROM");
  CHECK(parsed.file.instructions[1].keyword == "CMD");
  CHECK(parsed.body<Cmd>(1).command.shell_text == "x");
}

TEST_CASE("a directive counts only at the top: a comment ends them", "[dockerfile]") {
  CHECK(Parsed("# escape=`\nFROM a\n").file.escape == '`');
  CHECK(Parsed("  #  EsCaPe = `  \nFROM a\n").file.escape == '`');
  CHECK(Parsed("# syntax=x\n# escape=`\nFROM a\n").file.escape == '`');
  CHECK(Parsed("# comment\n# escape=`\nFROM a\n").file.escape == '\\');
  CHECK(Parsed("# foo=bar\n# escape=`\nFROM a\n").file.escape == '\\');
  CHECK(Parsed("\n# escape=`\nFROM a\n").file.escape == '\\');
  CHECK(Parsed("# escape=\n# check=skip=all\nFROM a\n").file.checks.rules.skip_all == false);
}

TEST_CASE("the escape directive moves the continuation character", "[dockerfile]") {
  CHECK(cmd_text("# escape=`\nFROM scratch\nCMD a\\ `\nb\n") == "a\\ b");
}

TEST_CASE("a directive twice or with a wrong value is an error at its value", "[dockerfile]") {
  CHECK(errors_of("# escape=`\n# escape=`\nFROM a\n") == Strings{"directive-repeated 2:10+1"});
  CHECK(errors_of("# syntax=a\n# SYNTAX=b\nFROM a\n") == Strings{"directive-repeated 2:10+1"});
  CHECK(errors_of("# escape=xy\nFROM a\n") == Strings{"escape-invalid 1:10+2"});
  CHECK(Parsed("# escape=`\n# escape=`\nFROM a\n").diagnostics.errors()[0].message ==
        "the directive \"escape\" stands on line 1 and again on line 2");
}

TEST_CASE("a file without instruction, or without FROM, is an error", "[dockerfile]") {
  CHECK(errors_of("") == Strings{"dockerfile-empty 1:1+1"});
  CHECK(errors_of("# only\n\n") == Strings{"dockerfile-empty 1:1+1"});
  CHECK(errors_of("ARG A\n") == Strings{"from-missing 1:1+3"});
  CHECK(errors_of("ARG A\nENV a=b\nCMD x\nFROM a\n") == Strings{"instruction-before-from 2:1+3"});
  CHECK(errors_of("FROM a b\nCMD x\n") == Strings{"arguments-too-many 1:8+1"});
}

TEST_CASE("the body of a heredoc is no instruction", "[dockerfile]") {
  const Parsed parsed(
      "FROM scratch\n"
      "RUN <<EOF bash\nFROM x\nNONSENSE\n  EOF\nEOF\n"
      "COPY <<-'A' <<\"B\" /d/\nx \\\n\t\tA\nENV\nB\n"
      "ONBUILD RUN <<C\nBAD\nC\n"
      "CMD x\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{});
  REQUIRE(parsed.file.instructions.size() == 5);
  CHECK(parsed.body<Refused>(1).id == "run-unsupported");
  CHECK(parsed.body<Refused>(2).id == "heredoc-unsupported");
  CHECK(parsed.file.instructions[4].span.line == 15);
}

TEST_CASE("<< is text in JSON, in quotes, in other instructions and as <<<", "[dockerfile]") {
  for (const char* line : {"RUN [\"cat\", \"<<EOF\"]", "RUN echo \"<<EOF\"", "RUN cat <<<EOF",
                           "CMD cat <<EOF", "ENV A=<<EOF", "RUN echo $((1<<2))"}) {
    CAPTURE(line);
    const Parsed parsed("FROM scratch\n" + std::string(line) + "\nUSER x\n");
    CHECK(parsed.file.instructions.size() == 3);
  }
}

TEST_CASE("a heredoc without end is an error at its word", "[dockerfile]") {
  const Parsed parsed("FROM scratch\nRUN cat <<EOF \\\n  >f\nEOF2\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{"heredoc-unterminated 2:9+5"});
  CHECK(parsed.diagnostics.errors()[0].message ==
        "no line \"EOF\" ends the heredoc that starts on line 2");
}

TEST_CASE("marks map through continuation lines to physical lines", "[dockerfile]") {
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

TEST_CASE("ten megabytes are parsed in linear time", "[dockerfile]") {
  std::string one = "FROM scratch\nENV";
  for (int i = 0; i < 400'000; ++i)
    one += " \\\n  K" + std::to_string(i) + "=$v" + std::to_string(i);
  CHECK(errors_of(one).empty());
  std::string many = "FROM scratch\n";
  for (int i = 0; i < 400'000; ++i) many += "ENVI A=$A$B$C$D$E$F\n";
  CHECK(errors_of(many).size() == 400'000);
  CHECK(errors_of("FROM scratch\nLABEL a=\"" + std::string(10'000'000, 'x') + "\"\n").empty());
}
