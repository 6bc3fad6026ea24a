// SPDX-License-Identifier: Apache-2.0
#include "context/ignore_rules.hpp"

#include <chrono>

#include <ocibuild/error.hpp>

#include "support/catch.hpp"

using namespace ocibuild;
using context::IgnoreRules;

namespace {

IgnoreRules rules(std::string_view text) {
  return IgnoreRules::parse(".dockerignore", text);
}
bool hides(std::string_view text, std::string_view path) {
  return rules(text).excludes(path);
}

Diagnostic failure(std::string_view text) {
  try {
    rules(text);
  } catch (const Error& error) {
    return error.diagnostic();
  }
  FAIL("taken");
  return {};
}

}  // namespace

TEST_CASE("no rules hide nothing", "[context]") {
  CHECK_FALSE(IgnoreRules().excludes("a/b"));
  CHECK_FALSE(hides("", "a"));
  CHECK_FALSE(IgnoreRules().may_reinclude_below("a"));
}

TEST_CASE("dockerfile.md 11.1, 11.5: patterns are cleaned and anchored at the context root",
          "[context]") {
  for (const char* text : {"a", "/a", "/a/", "./a", "a/", "  a\t\r\n", "x/../a", ".//a",
                           "\xEF\xBB\xBF"
                           "a",
                           "#c\n\na"}) {
    CAPTURE(text);
    CHECK(hides(text, "a"));
    CHECK(hides(text, "a/b/c"));
    CHECK_FALSE(hides(text, "b/a"));
  }
  CHECK(hides("*/*.md", "a/b.md"));
  CHECK_FALSE(hides("*/*.md", "b.md"));
  CHECK_FALSE(hides("*/*.md", "a/b/c.md"));
  CHECK_FALSE(hides("a", "A"));
}

TEST_CASE("dockerfile.md 11.1: a number sign is a comment in column one only", "[context]") {
  CHECK_FALSE(hides("#x", "#x"));
  CHECK(hides(" #x", "#x"));
  CHECK(hides("\\#x", "#x"));
  CHECK(hides("\\!x", "!x"));
  CHECK_FALSE(hides("/!x", "!x"));
  CHECK_FALSE(hides("*\n/!x", "x"));
}

TEST_CASE("dockerfile.md 11.3: case matters, and the root is never excluded", "[context]") {
  const IgnoreRules some = rules("Docs\n*\n!docs\n");
  CHECK_FALSE(some.excludes("docs"));
  CHECK(some.excludes("Docs"));
  CHECK_FALSE(some.excludes(""));
}

TEST_CASE("dockerfile.md 11.1, 11.3: dot, slash and paths outside match nothing", "[context]") {
  for (const char* text : {".", "/", "../x", "..", "a/.."}) {
    CAPTURE(text);
    CHECK_FALSE(hides(text, "x"));
    CHECK_FALSE(hides(text, "a"));
  }
  CHECK(hides("/../x", "x"));
}

TEST_CASE("dockerfile.md 11.6: the last pattern that hits decides", "[context]") {
  CHECK(hides("docs\n!docs/a", "docs"));
  CHECK(hides("docs\n!docs/a", "docs/b"));
  CHECK_FALSE(hides("docs\n!docs/a", "docs/a"));
  CHECK_FALSE(hides("docs\n!docs/a", "docs/a/deep/file"));
  CHECK(hides("!docs/a\ndocs", "docs/a"));
  CHECK_FALSE(hides("a\n! a/b/c/d", "a/b/c/d"));
  CHECK(hides("a\n!a/b\na/b/c", "a/b/c"));
  CHECK_FALSE(hides("*\n!src\n!*.go", "main.go"));
  CHECK(hides("*\n!src\n!*.go", "README.md"));
  CHECK(hides("**/*.md\n!README.md", "docs/x.md"));
  CHECK_FALSE(hides("**/*.md\n!README.md", "README.md"));
}

TEST_CASE(
    "dockerfile.md 11.6: a hit of a directory is inherited, a pattern not asked there is asked "
    "again",
    "[context]") {
  // "!a" is not asked for "a" itself, as nothing hid it then; below it hits nothing.
  CHECK(hides("!a\na/b", "a/b"));
  // "a/b" hits, its child inherits that; "!**/c" then re-includes.
  CHECK_FALSE(hides("a/b\n!**/c", "a/b/c"));
  CHECK(hides("a/b\n!**/c\n**/d", "a/b/c/d"));
  CHECK(hides("a/b\n!**/c", "a/b/d"));
}

TEST_CASE("dockerfile.md 11.6: a pattern that changes nothing leaves its place to earlier ones",
          "[context]") {
  // The second "a" is not asked, so that the exception between the two still counts below "a".
  CHECK_FALSE(rules("a\n!a/b\na\n").excludes("a/b"));
  CHECK(rules("a\n!a/b\na\na/b\n").excludes("a/b"));
  CHECK(rules("a\n!a\na\n!b\n").excludes("a/x"));
  CHECK_FALSE(rules("!a\na\n!a\na\n!a\n").excludes("a/x"));
  CHECK(rules("*\n!\\a\n!a\n\\a\n").excludes("a"));
}

TEST_CASE("dockerfile.md 11.6: a walk with inherited hits gives the same as one path",
          "[context]") {
  const IgnoreRules some = rules("a\n!a/b\n**/x\n!a/b/x/keep");
  const auto a = some.enter(some.root(), "a");
  const auto b = some.enter(a, "a/b");
  const auto x = some.enter(b, "a/b/x");
  CHECK(a.excluded);
  CHECK_FALSE(b.excluded);
  CHECK(x.excluded);
  CHECK_FALSE(some.enter(x, "a/b/x/keep").excluded);
  CHECK_FALSE(some.excludes("a/b/x/keep"));
}

TEST_CASE(
    "dockerfile.md 11.6, 11.7: a directory is entered only if an exception can match below it",
    "[context]") {
  CHECK_FALSE(rules("a").may_reinclude_below("a"));
  CHECK(rules("a\n!a/b/c").may_reinclude_below("a"));
  CHECK(rules("a\n!a/b/c").may_reinclude_below("a/b"));
  CHECK_FALSE(rules("a\n!a/b/c").may_reinclude_below("a/x"));
  CHECK_FALSE(rules("*\n!*.md").may_reinclude_below("node_modules"));
  CHECK(rules("*\n!**/*.md").may_reinclude_below("node_modules"));
}

TEST_CASE("dockerfile.md 7.4, 17: the line that hides a path is named as it was written",
          "[context]") {
  const IgnoreRules some = rules("# comment\n*.log\n  /build/ \n!build/keep\nbuild/keep/x\n");
  const auto culprit = some.culprit("build/out/file");
  REQUIRE(culprit);
  CHECK(culprit->file == ".dockerignore");
  CHECK(culprit->line == 3);
  CHECK(culprit->pattern == "/build/");
  CHECK(some.culprit("build/keep/x")->line == 5);
  CHECK_FALSE(some.culprit("build/keep"));
  CHECK_FALSE(some.culprit("src"));
}

TEST_CASE(
    "dockerfile.md 11.1, 11.2, 17: malformed patterns are reported together, with file, line and "
    "column",
    "[context]") {
  const Diagnostic lone = failure("a\n !\n");
  CHECK(lone.id == "ignore-pattern-invalid");
  CHECK(lone.message == "\"!\" stands alone: a pattern must follow");
  REQUIRE(lone.where);
  CHECK(lone.where->file == ".dockerignore");
  CHECK(lone.where->line == 2);
  CHECK(lone.where->column == 2);
  CHECK(lone.where->excerpt == std::vector<std::string>{" !"});

  const Diagnostic malformed = failure("b[\r\n");
  CHECK(malformed.message == "the pattern \"b[\" is malformed: \"[\" without \"]\"");
  CHECK(malformed.where->length == 2);
  CHECK(malformed.where->excerpt == std::vector<std::string>{"b["});

  try {
    rules("!\nx\n[a-\n");
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.diagnostics().size() == 2);
  }
}

TEST_CASE("a thousand patterns and many files take no time to speak of", "[context]") {
  std::string text;
  for (int i = 0; i < 250; ++i) {
    const std::string n = std::to_string(i);
    text += "dir" + n + "/sub\n**/*.ext" + n + "\n**/name" + n + "\n*/build*" + n + "\n";
  }
  const IgnoreRules many = rules(text);
  const auto start = std::chrono::steady_clock::now();
  const auto parent = many.enter(many.root(), "src");
  unsigned hidden = 0;
  for (int i = 0; i < 5000; ++i) {
    hidden +=
        many.enter(parent, "src/some_longer_file_name_" + std::to_string(i) + ".cpp").excluded;
  }
  CHECK(hidden == 0);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}
