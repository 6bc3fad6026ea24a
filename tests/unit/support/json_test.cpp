// SPDX-License-Identifier: Apache-2.0
#include "support/json.hpp"

#include "support/catch.hpp"

using ocibuild::support::parse_string_array;

TEST_CASE("a JSON form is a whole array of strings", "[support]") {
  CHECK(parse_string_array("[\"a\", \"b\\n\"]").strings == std::vector<std::string>{"a", "b\n"});
  CHECK(parse_string_array(" [] ").is_array);
  CHECK_FALSE(parse_string_array("['a']").is_array);
  CHECK_FALSE(parse_string_array("[\"a\"] b").is_array);
  CHECK_FALSE(parse_string_array("[\"a\",]").is_array);
  CHECK_FALSE(parse_string_array("{}").is_array);
}

TEST_CASE("a JSON array with something else than strings says where", "[support]") {
  CHECK(parse_string_array("[\"a\", 1]").wrong == 1U);
  CHECK(parse_string_array("[[\"a\"]]").wrong == 0U);
}

TEST_CASE("nesting without end is no array instead of a crash", "[support]") {
  CHECK_FALSE(parse_string_array(std::string(1000000, '[')).is_array);
}
