// SPDX-License-Identifier: Apache-2.0
#include "registry/warnings.hpp"

#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;

namespace {

/// What was told.
struct Told {
  explicit Told(Warnings& warnings) {
    warnings.observe([this](const Diagnostic& warning) { list.push_back(warning); });
  }
  std::vector<Diagnostic> list{};
};

}  // namespace

TEST_CASE("registry.md E4: only a Warning 299 with a quoted text says something", "[registry]") {
  CHECK(warning_text(R"(299 - "old \"API\"")") == R"(old "API")");
  CHECK(warning_text(R"( 299 reg.test "x" "Wed, 21 Oct")") == "x");
  for (const char* silent :
       {"", R"(110 - "stale")", "299 - old", R"(299 - "open)", R"(2990 - "x")"})
    CHECK(warning_text(silent).empty());
}

TEST_CASE("registry.md E4: a text comes once, escaped, and registries may say 4 KiB",
          "[registry]") {
  Warnings warnings;
  Told told(warnings);
  http::Headers headers;
  headers.add("Warning", "299 - \"a\x1b[31m\"");
  headers.add("warning", "299 - \"a\x1b[31m\"");
  warnings.add_said("reg.test", headers);
  warnings.add_said("reg.test", headers);
  REQUIRE(told.list.size() == 1);
  CHECK(told.list.front().id == "registry-warning");
  CHECK(told.list.front().message == "reg.test says: a\\x1b[31m");
  for (char c = 'a'; c < 'z'; ++c) {
    http::Headers more;
    more.add("Warning", "299 - \"" + std::string(1000, c) + '"');
    warnings.add_said("reg.test", more);
  }
  CHECK(told.list.size() == 1 + 4);
}

TEST_CASE("registry.md K4.5: warnings of our own come once too", "[registry]") {
  Warnings warnings;
  Told told(warnings);
  warnings.add({"a", "text", {}, {}, {}});
  warnings.add({"a", "text", {}, {}, {}});
  warnings.add({"a", "another", {}, {}, {}});
  CHECK(told.list.size() == 2);
}
