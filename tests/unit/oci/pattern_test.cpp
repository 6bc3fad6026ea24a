// SPDX-License-Identifier: Apache-2.0
#include "oci/pattern.hpp"

#include <chrono>

#include <ocibuild/error.hpp>

#include "support/catch.hpp"

using namespace ocibuild;
using oci::Pattern;

namespace {

bool go(std::string_view pattern, std::string_view path) {
  return Pattern(pattern, Pattern::Grammar::go_match).matches(path);
}
bool ignore(std::string_view pattern, std::string_view path) {
  return Pattern(pattern, Pattern::Grammar::ignore).matches(path);
}
bool below(std::string_view pattern, std::string_view directory) {
  return Pattern(pattern, Pattern::Grammar::ignore).may_match_below(directory);
}

}  // namespace

TEST_CASE(
    "dockerfile.md 11.4, 12.2: stars and question marks stop at slashes and take leading dots",
    "[oci]") {
  CHECK(go("*", ".hidden"));
  CHECK(go("?x", ".x"));
  CHECK_FALSE(go("*", "a/b"));
  CHECK_FALSE(go("a?b", "a/b"));
  CHECK(go("*/b", "a/b"));
  CHECK(go("a*c*e", "abcde"));
  CHECK_FALSE(go("a*c*e", "abcd"));
  CHECK(go("a**b", "axxb"));
  CHECK_FALSE(go("**", "a/b"));
  CHECK(go("", ""));
  CHECK_FALSE(go("", "a"));
}

TEST_CASE("dockerfile.md 11.4, 12.2: classes have ranges, escapes and a caret for all others",
          "[oci]") {
  CHECK(go("[abc]", "b"));
  CHECK(go("[a-cx-z]", "y"));
  CHECK_FALSE(go("[a-c]", "d"));
  CHECK(go("[^a-c]", "d"));
  CHECK_FALSE(go("[^a-c]", "a"));
  CHECK(go("[!a]", "!"));
  CHECK(go("[\\]a]", "]"));
  CHECK(go("[\\--9]", "."));
  CHECK(go("[[]", "["));
  CHECK(go("[*][?]", "*?"));
  CHECK(go("a[^x]b", "a/b"));
}

TEST_CASE("dockerfile.md 11.4, 12.2: a backslash makes the next character literal", "[oci]") {
  CHECK(go("\\*", "*"));
  CHECK_FALSE(go("\\*", "a"));
  CHECK(go("a\\\\b", "a\\b"));
  CHECK(ignore("\\#x", "#x"));
  CHECK(ignore("\\!x", "!x"));
}

TEST_CASE("dockerfile.md 12.2: a character is a UTF-8 sequence or one stray byte", "[oci]") {
  CHECK(go("?", "\xc3\xa9"));
  CHECK_FALSE(go("??", "\xc3\xa9"));
  CHECK(go("[\xc3\xa0-\xc3\xbf]", "\xc3\xa9"));
  CHECK_FALSE(go("*[^\xc3\xa9]", "\xc3\xa9"));
  CHECK(go("??", "\xc3\xff"));
  CHECK(go("?", "\xf0\x9f\x98\x80"));
  CHECK(go("???", "\xed\xa0\x80"));
}

TEST_CASE("dockerfile.md 11.2, 12.2: malformed patterns are errors that say why", "[oci]") {
  for (const char* pattern :
       {"[a-", "[", "[a", "[]", "[]a]", "[-a]", "[a-]", "[^]", "x\\", "[\\", "[\xff]"}) {
    CAPTURE(pattern);
    for (const auto grammar : {Pattern::Grammar::go_match, Pattern::Grammar::ignore}) {
      try {
        Pattern(pattern, grammar);
        FAIL("taken");
      } catch (const Error& error) {
        CHECK(error.diagnostic().id == "pattern-invalid");
      }
    }
  }
  CHECK_THROWS_WITH(Pattern("[a", Pattern::Grammar::go_match),
                    "the pattern \"[a\" is malformed: \"[\" without \"]\"");
}

TEST_CASE("dockerfile.md 11.4: two stars followed by text are any number of directories", "[oci]") {
  CHECK(ignore("a/**/b", "a/b"));
  CHECK(ignore("a/**/b", "a/x/y/b"));
  CHECK_FALSE(ignore("a/**/b", "a/xb"));
  CHECK(ignore("a**b", "ab"));
  CHECK(ignore("a**b", "ax/b"));
  CHECK_FALSE(ignore("a**b", "axb"));
  CHECK(ignore("**/*.go", "a.go"));
  CHECK(ignore("**/*.go", "x/y/a.go"));
  CHECK(ignore("**/a/**/b", "x/a/y/b"));
}

TEST_CASE("dockerfile.md 11.4: two stars at the end are any rest, but not the directory itself",
          "[oci]") {
  CHECK(ignore("a/**", "a/x"));
  CHECK(ignore("a/**", "a/x/y"));
  CHECK_FALSE(ignore("a/**", "a"));
  CHECK(ignore("tmp**", "tmpfile"));
  CHECK(ignore("tmp**", "tmpdir/x"));
  CHECK(ignore("t?p**", "tap/x"));
  CHECK(ignore("**", "a/b"));
  CHECK(ignore("**/**", "a/b"));
  CHECK(ignore("**/x/**", "a/x/b"));
}

TEST_CASE("dockerfile.md 11.4: two stars at the start and no other wildcard test the suffix",
          "[oci]") {
  CHECK(ignore("**foo", "barfoo"));
  CHECK(ignore("**foo", "x/zfoo"));
  CHECK(ignore("**/foo", "foo"));
  CHECK(ignore("**/foo", "x/foo"));
  CHECK_FALSE(ignore("**/foo", "zfoo"));
  CHECK_FALSE(ignore("**f?o", "zfoo"));
  CHECK(ignore("**f?o", "z/foo"));
  CHECK_FALSE(ignore("**f\\oo", "zfoo"));
  CHECK_FALSE(ignore("**[f]oo", "zfoo"));
}

TEST_CASE("dockerfile.md 11.4: characters that regular expressions know are literal", "[oci]") {
  CHECK(ignore("*.+()|{}$", "a.+()|{}$"));
  CHECK_FALSE(ignore("*.c", "axc"));
  CHECK_FALSE(ignore("a|b*", "a"));
}

TEST_CASE("dockerfile.md 11.6: a walk enters only directories below which a pattern can match",
          "[oci]") {
  CHECK(below("a/b", "a"));
  CHECK_FALSE(below("a/b", "b"));
  CHECK_FALSE(below("a/b", "a/b"));
  CHECK_FALSE(below("ab", "a"));
  CHECK(below("*/x", "a"));
  CHECK_FALSE(below("*/x", "a/b"));
  CHECK_FALSE(below("*.md", "node_modules"));
  CHECK(below("**/*.md", "node_modules/a"));
  CHECK(below("a/**", "a/b/c"));
  CHECK(below("a**", "ab"));
  CHECK_FALSE(below("a/**", "b"));
  CHECK(below("a[^x]b", "a"));
  CHECK(below("x", ""));
}

TEST_CASE("many stars take no exponential time", "[oci]") {
  std::string stars;
  for (int i = 0; i < 100; ++i) stars += "*a";
  const std::string name(2000, 'a');
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(go(stars + "b?", name));
  CHECK_FALSE(ignore("**/" + stars + "?b[b]", name));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}
