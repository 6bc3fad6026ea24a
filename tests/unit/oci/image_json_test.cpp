// SPDX-License-Identifier: Apache-2.0
#include "oci/image_json.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"

using namespace ocibuild;

namespace {
const std::string hex(64, 'a');
}

TEST_CASE(
    "dockerfile.md 14.4, 14.5; image.md 4.1: a config is written compact, in one order, without "
    "escapes",
    "[oci]") {
  ImageConfig config;
  config.created = "1970-01-01T00:00:00Z";
  config.platform.architecture = "arm64";
  config.config.labels = {{"b", "<&>"}, {"a", "1"}};
  config.config.exposed_ports = {"80/tcp"};
  config.config.cmd = {"sh", "-c", "a && b"};
  config.diff_ids.emplace_back(Digest::parse("sha256:" + hex));
  config.history.push_back(
      {.created = "", .created_by = "CMD", .author = "", .comment = "", .empty_layer = true});
  CHECK(oci::to_json(config) ==
        "{\"architecture\":\"arm64\",\"config\":{\"ExposedPorts\":{\"80/"
        "tcp\":{}},\"Cmd\":[\"sh\",\"-c\",\"a && b\"],"
        "\"Labels\":{\"a\":\"1\",\"b\":\"<&>\"}},\"created\":\"1970-01-01T00:00:00Z\",\"history\":["
        "{\"created_by\":\"CMD\","
        "\"empty_layer\":true}],\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
        "\"sha256:" +
            hex + "\"]}}");
}

TEST_CASE(
    "image.md 4.2: unknown members of a base's config object survive, docker's container members "
    "do not",
    "[oci]") {
  const std::string text =
      "{\"os\":\"linux\",\"architecture\":\"amd64\",\"config\":{\"Hostname\":\"x\",\"Future\":{"
      "\"b\":[1,2.5,null],\"a\":\"ä\"},"
      "\"Cmd\":null},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null}}";
  const ImageConfig config = oci::parse_image_config(text);
  CHECK(config.config.other ==
        std::map<std::string, std::string>{{"Future", "{\"b\":[1,2.5,null],\"a\":\"ä\"}"}});
  CHECK(oci::to_json(config).find("\"Future\":{\"b\":[1,2.5,null],\"a\":\"ä\"}") !=
        std::string::npos);
}

TEST_CASE(
    "dockerfile.md 14.6, 14.7: a healthcheck and every other member of a config come back as "
    "written",
    "[oci]") {
  ImageConfig config;
  config.author = "me";
  config.platform = Platform::parse("linux/arm/v7");
  config.config.user = "1:2";
  config.config.env = {"A=1", "B="};
  config.config.entrypoint = {"/e"};
  config.config.volumes = {"/v"};
  config.config.working_dir = "/w";
  config.config.stop_signal = "TERM";
  config.config.args_escaped = true;
  config.config.healthcheck = Healthcheck{{"CMD", "x"}, 1, 2, 3, 4, 5};
  config.config.on_build = {"RUN x"};
  config.config.shell = {"/bin/bash"};
  const ImageConfig again = oci::parse_image_config(oci::to_json(config));
  CHECK(again.config == config.config);
  CHECK(again.author == "me");
  CHECK(again.platform == config.platform);
}

TEST_CASE("image.md 4.8: documents of others are refused with a reason, never believed", "[oci]") {
  CHECK_THROWS_AS(oci::parse_manifest("{"), Error);
  CHECK_THROWS_AS(oci::parse_manifest("[]"), Error);
  CHECK_THROWS_AS(oci::parse_manifest("{\"schemaVersion\":1}"), Error);
  CHECK_THROWS_AS(oci::parse_manifest("{\"schemaVersion\":2}"), Error);
  CHECK_THROWS_AS(oci::parse_image_config("{\"config\":{\"Env\":\"A=1\"},\"rootfs\":{}}"), Error);
  CHECK_THROWS_AS(oci::parse_image_config("{}"), Error);
  CHECK_THROWS_AS(oci::parse_index("{\"manifests\":[{\"digest\":\"sha256:x\",\"size\":1}]}"),
                  Error);
  const std::string descriptor =
      "{\"mediaType\":\"m\",\"digest\":\"sha256:" + hex + "\",\"size\":-1}";
  CHECK_THROWS_AS(oci::parse_index("{\"manifests\":[" + descriptor + "]}"), Error);
  CHECK_THROWS_AS(oci::parse_index(std::string(100000, '[')), Error);
}

TEST_CASE("image.md 4.8: more layers than the limit are refused", "[oci]") {
  const std::string descriptor =
      "{\"mediaType\":\"m\",\"digest\":\"sha256:" + hex + "\",\"size\":1}";
  std::string layers = descriptor;
  for (int i = 0; i < 1024; ++i) layers += "," + descriptor;
  CHECK_THROWS_WITH(oci::parse_manifest("{\"schemaVersion\":2,\"config\":" + descriptor +
                                        ",\"layers\":[" + layers + "]}"),
                    Catch::Contains("more than 1024"));
}

TEST_CASE("image.md 4.4: a manifest names its types and keeps URLs of foreign layers", "[oci]") {
  Manifest manifest;
  manifest.media_type = media_types::oci_manifest;
  manifest.config = {.media_type = "c", .digest = Digest::parse("sha256:" + hex), .size = 2};
  manifest.layers = {{.media_type = "l", .digest = Digest::parse("sha256:" + hex), .size = 3}};
  manifest.layers[0].urls = {"https://example.com/l"};
  manifest.annotations = {{"k", "v"}};
  const Manifest again = oci::parse_manifest(oci::to_json(manifest));
  CHECK(again.layers.at(0).urls == manifest.layers[0].urls);
  CHECK(again.annotations == manifest.annotations);
  CHECK(oci::to_json(again) == oci::to_json(manifest));
}
