// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/duration.hpp"

#include "support/catch.hpp"

using namespace ocibuild::dockerfile;

TEST_CASE("dockerfile.md 13.9: a duration is numbers with units", "[dockerfile]") {
  CHECK(parse_duration("0") == 0);
  CHECK(parse_duration("1h2m3.5s") == 3'723'500'000'000);
  CHECK(parse_duration(".5s") == 500'000'000);
  CHECK(parse_duration("1us") == 1'000);
  CHECK(parse_duration("1µs") == 1'000);
  CHECK(parse_duration("0.0000000019s") == 1);
  for (const char* text : {"", "5", "s", "1x", "1s ", "-1s", ".s", "1.s1", "9999999999h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("dockerfile.md 15.2: a duration is written as Go writes it", "[dockerfile]") {
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(5) == "5ns");
  CHECK(duration_text(1'500) == "1.5µs");
  CHECK(duration_text(300'000'000) == "300ms");
  CHECK(duration_text(1'500'000'000) == "1.5s");
  CHECK(duration_text(90'000'000'000) == "1m30s");
  CHECK(duration_text(7'200'000'000'000) == "2h0m0s");
}
