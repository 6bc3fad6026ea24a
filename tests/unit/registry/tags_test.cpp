// SPDX-License-Identifier: Apache-2.0
#include "registry/tags.hpp"

#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;

using Tags = std::vector<std::string>;

TEST_CASE("registry.md P11: the nearest tags come first, of equally near ones the newest",
          "[registry]") {
  const Tags tags{"3.9", "latest", "3.20", "3.18", "edge", "3.19", "3.19"};
  CHECK(nearest_tags(tags, "3.99", 3) == Tags{"3.19", "3.9", "3.20"});
  CHECK(nearest_tags(tags, "lastest", 1) == Tags{"latest"});
  CHECK(nearest_tags(tags, "3.99", 99).size() == 6);
  CHECK(nearest_tags({}, "1", 5).empty());
  CHECK(nearest_tags({"v09", "v9", "v10"}, "w", 3) == Tags{"v9", "v10", "v09"});
}

TEST_CASE("registry.md P11, X6: what is no tag is left out of a list", "[registry]") {
  CHECK(parse_tags(R"({"name":"a","tags":["1","a b","../x","-x","","_ok"]})") == Tags{"1", "_ok"});
  for (const char* none : {"", "[]", "{}", R"({"tags":null})", R"({"tags":[1]})", "<html>"})
    CHECK(parse_tags(none).empty());
}

TEST_CASE("registry.md P11: the next page is that of the Link with rel=next", "[registry]") {
  const auto next = [](const std::string& link) {
    http::Headers headers;
    headers.add("Link", link);
    return next_page(headers);
  };
  CHECK(next(R"(</v2/a/tags/list?last=x&n=2>; rel="next")") == "/v2/a/tags/list?last=x&n=2");
  CHECK(next("<x>; rel=next") == "x");
  CHECK(next(R"(<x>; rel="prev")").empty());
  CHECK(next("x").empty());
  CHECK(next(">x<; rel=next").empty());
}
