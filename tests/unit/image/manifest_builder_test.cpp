// SPDX-License-Identifier: Apache-2.0
#include "image/manifest_builder.hpp"

#include "oci/hasher.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using image::build_manifest;
using image::layer_media_type;

namespace {

Descriptor descriptor(std::string_view media_type) {
  return {.media_type = std::string(media_type), .digest = oci::sha256("x"), .size = 1};
}

std::vector<std::string> relabelled(ImageFormat format, std::vector<std::string_view> types) {
  std::vector<Descriptor> layers;
  for (const std::string_view type : types) layers.push_back(descriptor(type));
  std::vector<std::string> out;
  for (const Descriptor& layer :
       build_manifest(format, descriptor("any"), std::move(layers), {}).layers) {
    out.push_back(layer.media_type);
  }
  return out;
}

}  // namespace

TEST_CASE("a new layer is named after format and compression", "[image]") {
  CHECK(layer_media_type(ImageFormat::oci, Compression::gzip) ==
        "application/vnd.oci.image.layer.v1.tar+gzip");
  CHECK(layer_media_type(ImageFormat::oci, Compression::zstd) ==
        "application/vnd.oci.image.layer.v1.tar+zstd");
  CHECK(layer_media_type(ImageFormat::oci, Compression::none) ==
        "application/vnd.oci.image.layer.v1.tar");
  CHECK(layer_media_type(ImageFormat::docker, Compression::gzip) ==
        "application/vnd.docker.image.rootfs.diff.tar.gzip");
  CHECK(layer_media_type(ImageFormat::docker, Compression::zstd) ==
        "application/vnd.docker.image.rootfs.diff.tar.zstd");
  CHECK(layer_media_type(ImageFormat::docker, Compression::none) ==
        "application/vnd.docker.image.rootfs.diff.tar");
}

TEST_CASE("a manifest is all of one family", "[image]") {
  const Manifest oci = build_manifest(ImageFormat::oci, descriptor("any"), {}, {{"a", "b"}});
  CHECK(oci.media_type == "application/vnd.oci.image.manifest.v1+json");
  CHECK(oci.config.media_type == "application/vnd.oci.image.config.v1+json");
  CHECK(oci.annotations == Annotations{{"a", "b"}});
  const Manifest docker = build_manifest(ImageFormat::docker, descriptor("any"), {}, {});
  CHECK(docker.media_type == "application/vnd.docker.distribution.manifest.v2+json");
  CHECK(docker.config.media_type == "application/vnd.docker.container.image.v1+json");

  const std::vector<std::string_view> oci_types = {
      media_types::oci_layer, media_types::oci_layer_gzip, media_types::oci_layer_zstd};
  const std::vector<std::string_view> docker_types = {
      media_types::docker_layer, media_types::docker_layer_gzip, media_types::docker_layer_zstd};
  const std::vector<std::string> as_oci(oci_types.begin(), oci_types.end());
  const std::vector<std::string> as_docker(docker_types.begin(), docker_types.end());
  CHECK(relabelled(ImageFormat::oci, docker_types) == as_oci);
  CHECK(relabelled(ImageFormat::oci, oci_types) == as_oci);
  CHECK(relabelled(ImageFormat::docker, oci_types) == as_docker);
  CHECK(relabelled(ImageFormat::docker, docker_types) == as_docker);
}

TEST_CASE("foreign and unknown layers keep type, URLs and annotations", "[image]") {
  Descriptor foreign = descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
  foreign.urls = {"https://example.com/layer"};
  foreign.annotations = {{"k", "v"}};
  const Descriptor kept =
      build_manifest(ImageFormat::oci, descriptor("any"), {foreign}, {}).layers.front();
  CHECK(kept.media_type == foreign.media_type);
  CHECK(kept.urls == foreign.urls);
  CHECK(kept.annotations == foreign.annotations);
  CHECK(kept.digest == foreign.digest);
  CHECK(kept.size == foreign.size);
  CHECK(relabelled(ImageFormat::docker, {"application/x-model"}) ==
        std::vector<std::string>{"application/x-model"});
}
