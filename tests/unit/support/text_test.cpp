// SPDX-License-Identifier: Apache-2.0
#include "support/text.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"

using namespace ocibuild;

TEST_CASE("the nearest word wins, whatever its case, and only within two edits", "[support]") {
  CHECK(closest_match("chmd", {"chown", "chmod"}) == "chmod");
  CHECK(closest_match("BUIDLER", {"builder", "base"}) == "builder");
  CHECK(closest_match("xyz", {"abc"}) == std::nullopt);
  CHECK(closest_match("ab", {"cd", "ac"}) == "ac");
  CHECK(closest_match("stagnig", {"staging"}) == "staging");
  CHECK(closest_match("xxstaging", {"staging"}) == "staging");
  CHECK(closest_match("staging", {"taginxx"}) == std::nullopt);
  CHECK(closest_match("abcd", {"badc"}) == "badc");
  CHECK(closest_match(std::string(100, 'a') + "b", {std::string(100, 'a')}) == std::nullopt);
}

TEST_CASE("control characters and broken UTF-8 are escaped, text is not", "[support]") {
  CHECK(support::escape_controls("a\x1b[31m\r\n") == "a\\x1b[31m\\r\\n");
  CHECK(support::escape_controls("gr\xc3\xbc\xc3") == "gr\xc3\xbc\\xc3");
  CHECK(support::escape_controls("\xc2\x9b") == "\\xc2\\x9b");
}

TEST_CASE("a number is decimal digits up to its limit and nothing else", "[support]") {
  std::uint64_t n = 0;
  CHECK(support::parse_number("65535", 65535, n));
  CHECK(n == 65535);
  CHECK_FALSE(support::parse_number("65536", 65535, n));
  CHECK_FALSE(support::parse_number("+1", 9, n));
  CHECK_FALSE(support::parse_number("1 ", 9, n));
  CHECK_FALSE(support::parse_number("", 9, n));
}
