// SPDX-License-Identifier: Apache-2.0
#include "image/config_builder.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using image::ConfigBuilder;
using image::rfc3339;

namespace {

DiffId diff_id(std::string_view text) {
  return DiffId(oci::sha256(text));
}

HistoryEntry step(std::string created, std::string created_by, bool empty_layer = false) {
  HistoryEntry entry;
  entry.created = std::move(created);
  entry.created_by = std::move(created_by);
  entry.empty_layer = empty_layer;
  return entry;
}

ImageConfig base() {
  ImageConfig config;
  config.author = "someone";
  config.diff_ids = {diff_id("one"), diff_id("two")};
  config.history = {step("2020-01-01T00:00:00.123Z", "ADD rootfs"), step("", "CMD sh", true),
                    step("", "COPY x")};
  return config;
}

Platform arm() {
  return Platform::parse("linux/arm64");
}

ImageConfig finished(const ImageConfig& from) {
  return ConfigBuilder(&from, arm(), 0).finish({}, "");
}

}  // namespace

TEST_CASE("times are RFC 3339 in UTC", "[image]") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00Z");
  CHECK(rfc3339(1) == "1970-01-01T00:00:01Z");
  CHECK(rfc3339(1709210096) == "2024-02-29T12:34:56Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59Z");
  CHECK(rfc3339(253402300799) == "9999-12-31T23:59:59Z");
  CHECK_THROWS_WITH(rfc3339(253402300800),
                    "the time 253402300800 is not between the years 0 and 9999");
  try {
    rfc3339(INT64_MIN);
    FAIL("it is taken");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "time-invalid");
  }
}

TEST_CASE("dockerfile.md 14.1, 14.5: a config of scratch holds only what was built", "[image]") {
  ConfigBuilder builder(nullptr, arm(), 86400);
  builder.add_step("ENV A=b");
  builder.add_layer("COPY f / # buildkit", diff_id("f"));
  ContainerConfig container;
  container.env = {"A=b"};
  const ImageConfig config = std::move(builder).finish(container, "me");
  CHECK(oci::to_json(config) ==
        R"({"architecture":"arm64","author":"me","config":{"Env":["A=b"]},)"
        R"("created":"1970-01-02T00:00:00Z","history":[)"
        R"({"created":"1970-01-02T00:00:00Z","created_by":"ENV A=b","comment":"ocibuild",)"
        R"("empty_layer":true},)"
        R"({"created":"1970-01-02T00:00:00Z","created_by":"COPY f / # buildkit",)"
        R"("comment":"ocibuild"}],"os":"linux","rootfs":{"type":"layers","diff_ids":[")" +
            diff_id("f").str() + "\"]}}");
}

TEST_CASE("dockerfile.md 14.2, 15.1: history and layers of the base come first, unchanged",
          "[image]") {
  const ImageConfig from = base();
  ConfigBuilder builder(&from, arm(), 5);
  builder.add_layer("COPY y", diff_id("three"));
  const ImageConfig config = std::move(builder).finish({}, from.author);
  CHECK(config.diff_ids == std::vector{diff_id("one"), diff_id("two"), diff_id("three")});
  REQUIRE(config.history.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) CHECK(config.history[i] == from.history[i]);
  CHECK(config.history[3].created_by == "COPY y");
  CHECK(config.author == "someone");
  CHECK(config.platform == arm());
}

TEST_CASE("dockerfile.md 15.4; image.md 4.3: a history with too few layers is padded", "[image]") {
  ImageConfig from = base();
  from.diff_ids.push_back(diff_id("three"));
  const ImageConfig config = finished(from);
  REQUIRE(config.history.size() == 4);
  CHECK(config.history[2] == from.history[2]);
  CHECK(config.history[3].comment == "ocibuild: layer of the base without history");
  CHECK_FALSE(config.history[3].empty_layer);

  from.history.clear();
  CHECK(finished(from).history.size() == 3);
}

TEST_CASE(
    "dockerfile.md 15.4; image.md 4.3: a history with too many layers loses the mark of the last "
    "ones",
    "[image]") {
  ImageConfig from = base();
  from.diff_ids.pop_back();
  const ImageConfig config = finished(from);
  REQUIRE(config.history.size() == 3);
  CHECK_FALSE(config.history[0].empty_layer);
  CHECK(config.history[2].empty_layer);
  CHECK(config.history[2].created_by == "COPY x");
}
