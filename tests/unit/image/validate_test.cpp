// SPDX-License-Identifier: Apache-2.0
#include "image/validate.hpp"

#include <map>

#include <ocibuild/error.hpp>

#include "image/config_builder.hpp"
#include "image/manifest_builder.hpp"
#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "support/catch.hpp"
#include "support/text.hpp"

using namespace ocibuild;
using support::concat;

namespace {

class TextSource final : public support::ByteSource {
public:
  explicit TextSource(std::string text)
      : text_(std::move(text)), source_(std::string_view(text_)) {}
  std::size_t read(std::span<std::byte> buffer) override { return source_.read(buffer); }

private:
  std::string text_;
  support::MemorySource source_;
};

/// An image of two layers in memory. "Compression" puts a 'z' in front.
struct Fixture {
  std::map<Digest, std::string> blobs;
  ImageConfig config = make_config();
  std::vector<Descriptor> layers = {add("zone", media_types::oci_layer_gzip),
                                    add("ztwo", media_types::oci_layer_gzip)};

  static ImageConfig make_config() {
    image::ConfigBuilder builder(nullptr, Platform::parse("linux/amd64"), 0);
    builder.add_layer("COPY one", DiffId(oci::sha256("one")));
    builder.add_step("CMD x");
    builder.add_layer("COPY two", DiffId(oci::sha256("two")));
    return std::move(builder).finish({}, "");
  }

  Descriptor add(std::string text, std::string_view media_type) {
    Descriptor descriptor{.media_type = std::string(media_type),
                          .digest = oci::sha256(std::string_view(text)),
                          .size = text.size()};
    blobs[descriptor.digest] = std::move(text);
    return descriptor;
  }

  Manifest manifest() {
    return image::build_manifest(ImageFormat::oci,
                                 add(oci::to_json(config), media_types::oci_config), layers, {});
  }

  std::vector<std::string> check(const Descriptor& root) const {
    image::BlobAccess access;
    access.open = [this](const Descriptor& d) -> std::unique_ptr<support::ByteSource> {
      const auto blob = blobs.find(d.digest);
      if (blob == blobs.end()) throw Error(Errc::failed, "blob-missing", "it is not there");
      return std::make_unique<TextSource>(blob->second);
    };
    access.uncompressed = [this](const Descriptor& d) -> std::unique_ptr<support::ByteSource> {
      return std::make_unique<TextSource>(blobs.at(d.digest).substr(1));
    };
    return image::validate(root, access);
  }

  std::vector<std::string> check(const Manifest& of) {
    return check(add(oci::to_json(of), of.media_type));
  }
  std::vector<std::string> check() { return check(manifest()); }
};

using Lines = std::vector<std::string>;

std::string digest_of(std::string_view text) {
  return oci::sha256(text).str();
}

}  // namespace

TEST_CASE("an image that is what its documents say has no findings", "[image]") {
  CHECK(Fixture().check().empty());
}

TEST_CASE("a wrong diff_id is found", "[image]") {
  Fixture image;
  image.config.diff_ids[1] = DiffId(oci::sha256("other"));
  CHECK(image.check() == Lines{concat("layer 2 ", digest_of("ztwo"), ": its diff_id is ",
                                      digest_of("two"), ", the config says ", digest_of("other"))});
}

TEST_CASE("damaged, missing and wrongly sized blobs are found", "[image]") {
  Fixture image;
  const Manifest manifest = image.manifest();
  image.blobs[manifest.layers[0].digest] = "zOne";
  image.blobs.erase(manifest.layers[1].digest);
  CHECK(image.check(manifest) ==
        Lines{concat("layer 1 ", digest_of("zone"), ": the blob is corrupt: wanted ",
                     digest_of("zone"), ", got ", digest_of("zOne")),
              concat("layer 2 ", digest_of("ztwo"), ": it is not there")});

  Fixture sized;
  sized.layers[0].size = 3;
  CHECK(sized.check() == Lines{concat("layer 1 ", digest_of("zone"),
                                      ": the blob has at least 4 bytes instead of 3")});
}

TEST_CASE("a damaged config or manifest is found", "[image]") {
  Fixture image;
  const Manifest manifest = image.manifest();
  image.blobs[manifest.config.digest] += " ";
  Lines lines = image.check(manifest);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(
            concat("config ", manifest.config.digest.str(), ": the blob has at least ")) == 0);
  const Descriptor root = image.add("{}", media_types::oci_manifest);
  CHECK(image.check(root) ==
        Lines{concat("manifest ", digest_of("{}"), ": the manifest is not of schema version 2")});
  Descriptor other = root;
  other.media_type = "text/plain";
  CHECK(image.check(other) == Lines{concat("manifest ", digest_of("{}"), ": is of the type ",
                                           "\"text/plain\", not of a manifest")});
}

TEST_CASE("media types of another family are found", "[image]") {
  Fixture image;
  Manifest manifest = image.manifest();
  manifest.config.media_type = media_types::docker_config;
  manifest.layers[1].media_type = media_types::docker_layer_gzip;
  const Lines lines = image.check(manifest);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with(
      ": its config is of the type \"application/vnd.docker.container.image.v1+json\""));
  CHECK(
      lines[1].ends_with(": its layer " + digest_of("ztwo") +
                         " is of the type \"application/vnd.docker.image.rootfs.diff.tar.gzip\""));
  Descriptor root = image.add(oci::to_json(image.manifest()), media_types::docker_manifest);
  CHECK(image.check(root).front().ends_with(
      ": calls itself \"application/vnd.oci.image.manifest.v1+json\""));
}

TEST_CASE("counts of layers, diff_ids and history must agree", "[image]") {
  Fixture image;
  image.config.history[1].empty_layer = false;
  Lines lines = image.check();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].ends_with(": has 3 history entries with a layer for 2 layers"));

  image.config.history.clear();
  CHECK(image.check().empty());
  image.config.diff_ids.pop_back();
  lines = image.check();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].ends_with(": has 1 diff_ids for 2 layers"));

  Fixture nowhere;
  nowhere.config.platform.architecture.clear();
  lines = nowhere.check();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].ends_with(": names no operating system or no architecture"));
}

TEST_CASE("a foreign layer need not be there", "[image]") {
  Fixture image;
  Manifest manifest = image.manifest();
  manifest.layers[0].media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
  manifest.layers[0].urls = {"https://example.com/layer"};
  image.blobs.erase(manifest.layers[0].digest);
  CHECK(image.check(manifest).empty());
  manifest.layers[0].urls.clear();
  CHECK(image.check(manifest).size() == 1);
}

TEST_CASE("every image of an index is looked at", "[image]") {
  Fixture image;
  Fixture bad;
  bad.config.diff_ids.pop_back();
  Index index;
  index.media_type = media_types::oci_index;
  for (Fixture* one : {&image, &bad}) {
    index.manifests.push_back(image.add(oci::to_json(one->manifest()), media_types::oci_manifest));
  }
  image.blobs.insert(bad.blobs.begin(), bad.blobs.end());
  CHECK(image.check(image.add(oci::to_json(index), media_types::oci_index)).size() == 1);
}
