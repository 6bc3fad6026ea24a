// SPDX-License-Identifier: Apache-2.0
#include "support/json.hpp"

#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/text.hpp"

using namespace ocibuild;
using support::parse_string_array;

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

TEST_CASE("a number beyond any range is an error of the document", "[support]") {
  try {
    support::parse_json("{\"size\":1e400}", "the manifest");
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "json-invalid");
    CHECK(error.diagnostic().message == "the manifest has a number that is out of range");
  }
}

TEST_CASE("an object keeps the order of its members, few or many", "[support]") {
  for (const int count : {3, 16, 17, 100}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) {
      text += support::concat(i > 0 ? "," : "", "\"k", 1000 - i, "\":", i);
    }
    support::Json json = support::parse_json(text + "}", "the text");
    CHECK(support::dump_json(json) == text + "}");
    CHECK(support::integer_member(json, support::concat('k', 1001 - count), -1) == count - 1);
    CHECK(support::find_member(json, "k1001") == nullptr);
    json["k1000"] = "again";
    json["new"] = "last";
    CHECK(json.size() == static_cast<std::size_t>(count) + 1);
    CHECK(json.begin().value() == "again");
    json.erase(json.begin());
    CHECK(support::find_member(json, "k1000") == nullptr);
    CHECK(support::string_member(support::Json(json), "new") == "last");
  }
}

TEST_CASE("the last of two members of one name counts", "[support]") {
  CHECK(support::dump_json(support::parse_json("{\"a\":1,\"b\":2,\"a\":3}", "")) ==
        "{\"a\":3,\"b\":2}");
}
