// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/transfer.hpp>

#include "build/layer_indexes.hpp"
#include "oci/image_json.hpp"
#include "project.hpp"
#include "rootfs/layer_index.hpp"
#include "store/build_cache.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
namespace fs = std::filesystem;

namespace {

/// What a store knows of a layer without reading it.
std::shared_ptr<const rootfs::LayerIndex> known_index(const std::filesystem::path& store,
                                                      const Descriptor& layer) {
  const auto bytes = store::BuildCache(store / "cache").find_index(layer.digest);
  return bytes ? rootfs::LayerIndex::decode(*bytes) : nullptr;
}

Descriptor only_layer(const std::filesystem::path& store, const Descriptor& image) {
  const std::string manifest = store::BlobStore(store).read(image, oci::manifest_limit);
  return oci::parse_manifest(manifest).layers.at(0);
}

}  // namespace

TEST_CASE("image.md 5.5: load leaves indexes of the layers it brought", "[build]") {
  Project project("FROM scratch\nCOPY a.txt /deep/a.txt\n");
  project.dir.write("context/a.txt", "text");
  const Descriptor image = project.build().manifest;
  store::OciLayout(project.request.store).set_name(image, "app:1");
  const Descriptor layer = only_layer(project.request.store, image);
  CHECK(known_index(project.request.store, layer) == nullptr);

  const std::filesystem::path other = project.dir / "other";
  load(other, project.request.store);
  const auto index = known_index(other, layer);
  REQUIRE(index);
  CHECK(index->find(oci::RootfsPath("deep/a.txt"))->entry.size == 4);
}

TEST_CASE("image.md 5.5: a layer is read as it comes, at the latest when its config is here",
          "[build]") {
  Project project("FROM scratch\nCOPY a.txt /a.txt\nCOPY b.txt /b.txt\n");
  project.dir.write("context/a.txt", "text");
  project.dir.write("context/b.txt", "more text");
  const Descriptor image = project.build().manifest;
  const store::BlobStore made(project.request.store);
  const Manifest manifest = oci::parse_manifest(made.read(image, oci::manifest_limit));
  const fs::path store = project.dir / "pulled";
  store::BlobStore blobs(store);
  const auto comes = [&](engine::ArrivingLayers& layers, const Descriptor& blob) {
    blobs.put(blob.media_type, made.read(blob, 1 << 20));
    layers.arrived(blob);
  };
  const store::BuildCache cache(store / "cache");
  engine::ArrivingLayers layers(blobs, cache, {});
  layers.expect(manifest);

  comes(layers, manifest.layers.at(1));
  CHECK(known_index(store, manifest.layers[1]) == nullptr);
  comes(layers, manifest.config);
  const auto second = known_index(store, manifest.layers[1]);
  REQUIRE(second);
  CHECK(second->find(oci::RootfsPath("b.txt"))->entry.size == 9);
  CHECK(known_index(store, manifest.layers[0]) == nullptr);
  comes(layers, manifest.layers[0]);
  CHECK(known_index(store, manifest.layers[0]));
}

TEST_CASE("image.md 5.5: an image whose layers are no tars is loaded all the same", "[build]") {
  const TempDir dir;
  store::OciLayout layout(dir / "layout");
  Manifest manifest;
  manifest.media_type = "application/vnd.oci.image.manifest.v1+json";
  manifest.layers = {layout.blobs().put("application/vnd.oci.image.layer.v1.tar", "no tar")};
  ImageConfig config;
  config.platform = Platform::parse("linux/amd64");
  config.diff_ids = {DiffId(manifest.layers[0].digest)};
  manifest.config =
      layout.blobs().put("application/vnd.oci.image.config.v1+json", oci::to_json(config));
  layout.set_name(layout.blobs().put(manifest.media_type, oci::to_json(manifest)), "app:1");

  CHECK(load(dir / "store", dir / "layout").size() == 1);
  CHECK(known_index(dir / "store", manifest.layers[0]) == nullptr);
}
