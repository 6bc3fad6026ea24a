// SPDX-License-Identifier: Apache-2.0
#include "build/recompression.hpp"

#include <filesystem>
#include <map>

#include <ocibuild/plan.hpp>

#include "oci/image_json.hpp"
#include "unit/build/project.hpp"
#include "unit/store/tiny_images.hpp"

using namespace ocibuild;
using test::check_valid;
using test::Project;

namespace {

/// An image on a base of two layers that are stored as gzip.
struct OnBase : Project {
  OnBase() : Project("FROM scratch\nCOPY a /\nCOPY b /\n") {
    dir.write("context/a", std::string(3'000'000, 'a'));
    dir.write("context/b", "b");
    request.names = {Reference::parse("base:1")};
    base = build();
    request.names = {Reference::parse("app:1")};
    request.dockerfile_text = "FROM base:1\nCOPY b /c\n";
  }
  BuildResult forced(Compression form, std::optional<int> level = {}) {
    request.compression = form;
    request.compression_level = level;
    request.force_compression = true;
    const BuildResult result = build();
    check_valid(*this, result);
    return result;
  }
  store::BlobStore blobs() const { return store::BlobStore(request.store); }
  Manifest manifest(const Descriptor& image) const {
    return oci::parse_manifest(blobs().read(image, oci::manifest_limit));
  }
  engine::Recompression recompression(const SentCompression& wanted) {
    return {wanted, 2, store_, cache_, events_, {}};
  }

  BuildResult base;

private:
  const store::BlobStore store_{request.store};
  const store::BuildCache cache_{request.store / "cache"};
  NullEvents events_;
};

std::vector<MediaType> types_of(const Manifest& manifest) {
  std::vector<MediaType> out;
  for (const Descriptor& layer : manifest.layers) out.push_back(layer.media_type);
  return out;
}

std::vector<Digest> digests_of(const Manifest& manifest) {
  std::vector<Digest> out;
  for (const Descriptor& layer : manifest.layers) out.push_back(layer.digest);
  return out;
}

}  // namespace

TEST_CASE("cli.md 4.20: a forced compression is that of base layers, too", "[build]") {
  OnBase project;
  project.request.compression = Compression::none;
  const BuildResult kept = project.build();
  CHECK(types_of(project.manifest(kept.manifest)) ==
        std::vector<MediaType>{MediaType(media_types::oci_layer_gzip),
                               MediaType(media_types::oci_layer_gzip),
                               MediaType(media_types::oci_layer)});
  const BuildResult plain = project.forced(Compression::none);
  CHECK(types_of(project.manifest(plain.manifest)) ==
        std::vector<MediaType>(3, MediaType(media_types::oci_layer)));
  CHECK(plain.image_id == kept.image_id);
  for (std::size_t i = 0; i < 2; ++i) {
    const LayerReport& layer = plain.platforms[0].layers[i];
    CHECK(layer.from_base);
    CHECK(layer.diff_id == project.base.platforms[0].layers[i].diff_id);
    CHECK(layer.unpacked == layer.descriptor.size);
    CHECK(DiffId(layer.descriptor.digest) == layer.diff_id);
  }
}

TEST_CASE("cli.md 4.18, 4.20: a plan tells of base layers whose compression is forced", "[build]") {
  OnBase project;
  project.request.compression = Compression::none;
  project.request.force_compression = true;
  NullEvents events;
  const auto layers = [&] { return plan_build(project.request, events).images.at(0).layers; };
  const auto before = layers();
  REQUIRE(before.size() == 3);
  CHECK(before[0].state == PlannedLayer::State::built);
  CHECK(before[0].causes.at(0).kind == Cause::compression);
  const BuildResult made = project.build();
  const auto after = layers();
  CHECK(after.at(0).state == PlannedLayer::State::reused);
  REQUIRE(after[0].blob);
  CHECK(after[0].blob->digest == made.platforms[0].layers[0].descriptor.digest);
}

TEST_CASE("cli.md 4.20: a base layer that has the compression keeps its bytes", "[build]") {
  OnBase project;
  const BuildResult result = project.forced(Compression::gzip, 9);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(result.platforms[0].layers[i].descriptor.digest ==
          project.base.platforms[0].layers[i].descriptor.digest);
  }
}

TEST_CASE("image.md 3.9: what became of a layer is recorded, and made again when it is gone",
          "[build]") {
  OnBase project;
  const BuildResult first = project.forced(Compression::none);
  const auto blob = project.blobs().path(first.platforms[0].layers[0].descriptor.digest);
  const auto before = std::filesystem::last_write_time(blob);
  CHECK(project.forced(Compression::none).manifest.digest == first.manifest.digest);
  CHECK(std::filesystem::last_write_time(blob) == before);
  std::filesystem::remove(blob);
  CHECK(project.forced(Compression::none).manifest.digest == first.manifest.digest);
  project.request.format = ImageFormat::docker;
  CHECK(types_of(project.manifest(project.forced(Compression::none).manifest)) ==
        std::vector<MediaType>(3, MediaType(media_types::docker_layer)));
}

TEST_CASE("cli.md 9.3: it is told how far each layer is compressed anew, and of the others nothing",
          "[build]") {
  struct Movements final : EventSink {
    void on_event(const Event& event) override {
      if (const auto* begun = std::get_if<TransfersStarted>(&event)) started.push_back(*begun);
      if (const auto* blob = std::get_if<BlobMoved>(&event)) blobs.push_back(*blob);
    }
    std::vector<TransfersStarted> started;
    std::vector<BlobMoved> blobs;
  } seen;
  OnBase project;
  project.request.compression = Compression::none;
  project.request.force_compression = true;
  ocibuild::build(project.request, seen);
  const auto& layers = project.base.platforms[0].layers;
  REQUIRE(seen.started.size() == 1);
  CHECK(seen.started[0].movement == Movement::compress);
  CHECK(seen.started[0].blobs == 2);
  CHECK(seen.started[0].bytes == layers[0].descriptor.size + layers[1].descriptor.size);
  std::map<std::string, std::vector<BlobMoved>> of;
  for (const BlobMoved& blob : seen.blobs) {
    CHECK(blob.movement == Movement::compress);
    of[blob.digest].push_back(blob);
  }
  CHECK(of.size() == 2);
  for (const LayerReport& layer : layers) {
    const auto& blobs = of[layer.descriptor.digest.str()];
    REQUIRE(blobs.size() >= 2);
    CHECK(blobs.front().done == 0);
    CHECK(blobs.front().state == BlobMoved::State::moving);
    CHECK(blobs.back().done == layer.descriptor.size);
    CHECK(blobs.back().total == layer.descriptor.size);
    CHECK(blobs.back().state == BlobMoved::State::done);
  }
  seen = {};
  ocibuild::build(project.request, seen);
  CHECK(seen.started.empty());
  CHECK(seen.blobs.empty());
}

TEST_CASE("image.md 3.9: a damaged layer is not brought into another compression", "[build]") {
  OnBase project;
  project.build();  // knows from now on what is in the base
  test::damage(project.blobs().path(project.base.platforms[0].layers[0].descriptor.digest));
  const Error error = test::error_of([&] { project.forced(Compression::none); });
  CHECK(error.diagnostic().id == "blob-corrupt");
}

TEST_CASE("cli.md 6.21: only the layers of the manifest change, and only those that have to",
          "[build]") {
  OnBase project;
  const Descriptor& image = project.base.manifest;
  auto same = project.recompression({.form = Compression::gzip});
  CHECK(same.convert_image(image).digest == image.digest);

  auto plain = project.recompression({.form = Compression::none});
  const Descriptor converted = plain.convert_image(image);
  const Manifest before = project.manifest(image);
  const Manifest after = project.manifest(converted);
  CHECK(after.config.digest == before.config.digest);
  CHECK(types_of(after) == std::vector<MediaType>(2, MediaType(media_types::oci_layer)));
  CHECK(digests_of(after) ==
        std::vector<Digest>{project.base.platforms[0].layers[0].diff_id.digest(),
                            project.base.platforms[0].layers[1].diff_id.digest()});

  auto all = project.recompression({.form = Compression::gzip, .level = 1, .all = true});
  const Manifest anew = project.manifest(all.convert_image(image));
  CHECK(types_of(anew) == types_of(before));
  CHECK(anew.layers[0].digest != before.layers[0].digest);
  auto back = project.recompression({.form = Compression::gzip, .level = 1});
  CHECK(digests_of(project.manifest(back.convert_image(converted))) == digests_of(anew));
}

TEST_CASE("cli.md 6.21: foreign layers, unknown members and media types stay", "[build]") {
  OnBase project;
  std::string text = project.blobs().read(project.base.manifest, oci::manifest_limit);
  const std::string foreign =
      R"({"mediaType":"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip","digest":"sha256:)" +
      std::string(64, 'a') + R"(","size":3,"urls":["https://example.com/x"]})";
  text.insert(text.find("\"layers\":[") + 10, foreign + ',');
  text.insert(1, R"("later":{"b":1,"a":[2]},)");
  const std::string config =
      project.blobs().read(oci::parse_manifest(text).config, oci::config_limit);
  std::string longer = config;
  longer.insert(longer.find("\"diff_ids\":[") + 12, "\"sha256:" + std::string(64, 'b') + "\",");
  const Descriptor other = project.blobs().put("application/vnd.oci.image.config.v1+json", longer);
  const std::string old = oci::parse_manifest(text).config.digest.str();
  text.replace(text.find(old), old.size(), other.digest.str());
  const std::string old_size = "\"size\":" + std::to_string(config.size());
  text.replace(text.find(old_size), old_size.size(), "\"size\":" + std::to_string(other.size));
  const Descriptor image = project.blobs().put(MediaType(media_types::oci_manifest), text);

  auto plain = project.recompression({.form = Compression::none});
  const Descriptor converted = plain.convert_image(image);
  const std::string after = project.blobs().read(converted, oci::manifest_limit);
  CHECK(after.starts_with(R"({"later":{"b":1,"a":[2]},"schemaVersion":2)"));
  CHECK(after.find(foreign) != std::string::npos);
  CHECK(types_of(project.manifest(converted))[1] == media_types::oci_layer);
}

TEST_CASE("cli.md 6.21: of an index every image is converted, and has to be here", "[build]") {
  OnBase project;
  project.request.platforms = {Platform::parse("linux/amd64"), Platform::parse("linux/arm64")};
  project.request.dockerfile_text = "FROM scratch\nARG TARGETARCH\nLABEL a=$TARGETARCH\nCOPY b /\n";
  const BuildResult both = project.build();
  auto plain = project.recompression({.form = Compression::none});
  BuildResult converted = both;
  converted.manifest = plain.convert_image(both.manifest);
  check_valid(project, converted);
  const Index index =
      oci::parse_index(project.blobs().read(converted.manifest, oci::manifest_limit));
  REQUIRE(index.manifests.size() == 2);
  CHECK(index.manifests[1].platform->str() == "linux/arm64");
  for (const Descriptor& manifest : index.manifests) {
    CHECK(types_of(project.manifest(manifest)) ==
          std::vector<MediaType>{MediaType(media_types::oci_layer)});
  }
  std::filesystem::remove(project.blobs().path(both.platforms[1].manifest.digest));
  const Error error = test::error_of([&] { plain.convert_image(both.manifest); });
  CHECK(error.diagnostic().id == "push-incomplete");
  CHECK(error.code() == Errc::not_found);
}
