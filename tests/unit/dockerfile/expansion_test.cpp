// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 4.
#include "dockerfile/expansion.hpp"

#include <map>

#include "parse_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using dockerfile::Expansion;

namespace {

struct Expanding {
  std::map<std::string, std::string> values = {{"A", "a"},         {"E", ""},
                                               {"P", "82 83/udp"}, {"F", "/usr/lib/x.tar.gz"},
                                               {"Q", "'$A' \\x"},  {"Ü", "umlaut"}};
  char escape = '\\';
  support::Diagnostics diagnostics{};

  std::optional<Expansion> operator()(const std::string& text) {
    const dockerfile::SourceText source("Dockerfile", text);
    const dockerfile::Checks checks;
    dockerfile::Findings findings(source, checks, diagnostics);
    const dockerfile::Span span{1, 1, static_cast<unsigned>(text.size()), 1, 1};
    return dockerfile::expand(
        {text, span}, escape,
        [&](std::string_view name) -> std::optional<std::string> {
          const auto at = values.find(std::string(name));
          if (at == values.end()) return std::nullopt;
          return at->second;
        },
        findings);
  }
};

std::string text_of(const std::string& word) {
  Expanding expanding;
  const auto out = expanding(word);
  if (!out) return "error[" + expanding.diagnostics.errors().at(0).id + ']';
  return out->text;
}

}  // namespace

TEST_CASE("dockerfile.md 4.2: outside quotes the escape character makes the next one literal",
          "[dockerfile]") {
  CHECK(text_of("a\\nb\\$A\\\\") == "anb$A\\");
  CHECK(text_of("a\\") == "a");
  Expanding backtick;
  backtick.escape = '`';
  CHECK(backtick("C:\\x`$A")->text == "C:\\x$A");
}

TEST_CASE("dockerfile.md 4.3: single quotes keep everything", "[dockerfile]") {
  CHECK(text_of("'$A \\n'b") == "$A \\nb");
  CHECK(text_of("'x") == "error[quote-unterminated]");
}

TEST_CASE("dockerfile.md 4.4: double quotes expand, and escape only what is special in them",
          "[dockerfile]") {
  CHECK(text_of("\"$A a\\n \\$A \\\" \\\\\"") == "a a\\n $A \" \\");
  CHECK(text_of("\"x") == "error[quote-unterminated]");
  CHECK(text_of("x\"a b\"'c d'") == "xa bc d");
}

TEST_CASE(
    "dockerfile.md 4.5: names are letters, digits and underscores, or a digit run, or one special "
    "character",
    "[dockerfile]") {
  CHECK(text_of("$A-$A.$AB") == "a-a.");
  CHECK(text_of("$1a") == "a");
  CHECK(text_of("$$A") == "A");
  CHECK(text_of("a$ b$") == "a$ b$");
  CHECK(text_of("$/x") == "$/x");
  CHECK(text_of("$Ü$A") == "umlauta");
  CHECK(text_of("$A–x") == "a–x");  // a dash is no letter
}

TEST_CASE("dockerfile.md 4.6: the colon decides whether empty counts as unset", "[dockerfile]") {
  CHECK(text_of("${A}${U}") == "a");
  CHECK(text_of("${U:-w}${E:-w}${A:-w}") == "wwa");
  CHECK(text_of("${U-w}${E-w}${A-w}") == "wa");
  CHECK(text_of("${U:+w}${E:+w}${A:+w}") == "w");
  CHECK(text_of("${U+w}${E+w}${A+w}") == "ww");
  CHECK(text_of("${E?m}${A:?m}") == "a");
}

TEST_CASE("dockerfile.md 4.6, 17: ${NAME:?message} is an error with name and message",
          "[dockerfile]") {
  Expanding expanding;
  CHECK_FALSE(expanding("${U:?give it}"));
  CHECK_FALSE(expanding("${U?}"));
  CHECK_FALSE(expanding("${E:?}"));
  CHECK(expanding.diagnostics.errors()[0].message == "\"U\": give it");
  CHECK(expanding.diagnostics.errors()[1].message == "\"U\": is not allowed to be unset");
  CHECK(expanding.diagnostics.errors()[2].message == "\"E\": is not allowed to be empty");
  CHECK(brief(expanding.diagnostics.errors()[0]) == "variable-required 1:1+13");
}

TEST_CASE("dockerfile.md 4.6: words inside ${} are expanded, nested and quoted", "[dockerfile]") {
  CHECK(text_of("${U:-${E:-$A}}") == "a");
  CHECK(text_of("${U:-\"x } y\"}") == "x } y");
  CHECK(text_of("${U:-a\\}b}") == "a}b");
  CHECK(text_of("\"${U:-a b}\"") == "a b");
}

TEST_CASE("dockerfile.md 4.6: prefixes and suffixes are removed by pattern", "[dockerfile]") {
  CHECK(text_of("${F#*/}") == "usr/lib/x.tar.gz");
  CHECK(text_of("${F##*/}") == "x.tar.gz");
  CHECK(text_of("${F%.*}") == "/usr/lib/x.tar");
  CHECK(text_of("${F%%.*}") == "/usr/lib/x");
  CHECK(text_of("${F#?usr}") == "/lib/x.tar.gz");
  CHECK(text_of("${F#nothing}") == "/usr/lib/x.tar.gz");
  CHECK(text_of("${F%%*}") == "");
  CHECK(text_of("${U#*}") == "");
}

TEST_CASE("dockerfile.md 4.6: matches are replaced, the first or all, as long as possible",
          "[dockerfile]") {
  CHECK(text_of("${F/\\//:}") == ":usr/lib/x.tar.gz");
  CHECK(text_of("${F//\\//:}") == ":usr:lib:x.tar.gz");
  CHECK(text_of("${F/.*/}") == "/usr/lib/x");
  CHECK(text_of("${F//[/x}") == "/usr/lib/x.tar.gz");
  CHECK(text_of("${A//*/x}") == "x");
  CHECK(text_of("${F/r\\/l*r/$A\"b c\"}") == "/usab c.gz");
  // An escape character stays in the replacement.
  CHECK(text_of("${A/a/x\\/y}") == "x\\/y");
}

TEST_CASE("dockerfile.md 4.6: in a pattern a backslash quotes * ? \\ } / and nothing else",
          "[dockerfile]") {
  Expanding expanding;
  expanding.values["S"] = "a*b?c\\d}";
  CHECK(expanding("${S#a\\*}")->text == "b?c\\d}");
  CHECK(expanding("${S/\\?/-}")->text == "a*b-c\\d}");
  CHECK(expanding("${S/\\\\/-}")->text == "a*b?c-d}");
  CHECK(expanding("${S%\\}}")->text == "a*b?c\\d");
  CHECK_FALSE(expanding("${S#\\a}"));
}

TEST_CASE("dockerfile.md 4.6: ? matches one character, not one byte", "[dockerfile]") {
  Expanding expanding;
  expanding.values["S"] = "äöü";
  CHECK(expanding("${S#?}")->text == "öü");
  CHECK(expanding("${S%?}")->text == "äö");
}

TEST_CASE("dockerfile.md 4.6, 17: other operators and broken braces are errors that name the word",
          "[dockerfile]") {
  for (const char* word : {"${A:#x}", "${}", "${:-x}", "${{A}", "${A^}", "${A", "${A:-x", "${A/x}",
                           "${A:", "${.}", "${A:%x}"}) {
    CAPTURE(word);
    CHECK(text_of(word) == "error[substitution-invalid]");
  }
  Expanding expanding;
  expanding("x${A:^y}");
  CHECK(expanding.diagnostics.errors()[0].message ==
        "bad substitution in \"x${A:^y}\", \"${A:^\": unknown operator \":^\"");
}

TEST_CASE("dockerfile.md 4.8: a value is not expanded again and keeps its quotes", "[dockerfile]") {
  CHECK(text_of("$Q") == "'$A' \\x");
}

TEST_CASE("dockerfile.md 4.1: unquoted values split into words, quoted ones do not",
          "[dockerfile]") {
  Expanding expanding;
  CHECK(expanding("$P")->words == Strings{"82", "83/udp"});
  CHECK(expanding("\"$P\"")->words == Strings{"82 83/udp"});
  CHECK(expanding("x$P")->words == Strings{"x82", "83/udp"});
  CHECK(expanding("$E")->words == Strings{});
}

TEST_CASE("dockerfile.md 17: a variable's use is marked inside its word", "[dockerfile]") {
  Expanding expanding;
  const auto uses = expanding("x-$A${U}")->uses;
  REQUIRE(uses.size() == 2);
  CHECK(uses[0].span.column == 3);
  CHECK(uses[0].span.length == 2);
  CHECK(uses[1].name == "U");
  CHECK(uses[1].span.column == 5);
  CHECK(uses[1].span.length == 4);
}

TEST_CASE("dockerfile.md 4.11: nesting and growth have limits", "[dockerfile]") {
  std::string deep = "x";
  for (int i = 0; i < 100'000; ++i) deep = "${U:-" + std::move(deep);
  deep += std::string(100'000, '}');
  CHECK(text_of(deep) == "error[expansion-too-deep]");
  Expanding expanding;
  expanding.values["A"] = std::string(1 << 19, 'x');
  CHECK(expanding("$A$A"));
  CHECK_FALSE(expanding("$A$A$A"));
  CHECK(expanding.diagnostics.errors().at(0).id == "expansion-too-long");
  CHECK_FALSE(expanding("\"$A$A$A\""));
  CHECK_FALSE(expanding("${A//x/$A}"));
}
