// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "load_fixture.hpp"
#include "oci/image_json.hpp"
#include "store/docker_archive.hpp"
#include "support/packed.hpp"
#include "support/tree_fixture.hpp"
#include "tar/tar_writer.hpp"

using namespace ocibuild;
using test::Loader;

namespace {

/// A docker-save tar as docker before version 25 wrote it, with one layer and a second one that is
/// a link to it.
struct LegacySave {
  std::string layer = test::tar_of("hello", "world");
  std::string config = oci::to_json(test::tiny_config({layer, layer}));
  std::string config_name = std::string(oci::sha256(config).hex()) + ".json";
  std::vector<std::string> layers{"aaa/layer.tar", "bbb/layer.tar"};
  std::vector<std::string> tags{"app:1", "ghcr.io/me/web:2"};
  oci::EntryType link = oci::EntryType::symlink;

  std::string tar() const {
    support::StringSink out;
    tar::TarWriter writer(out);
    const auto add = [&](std::string_view name, std::string_view text) {
      support::MemorySource source(text);
      writer.add(test::file_entry(name, text.size()), source);
    };
    writer.begin(test::dir_entry("aaa"));
    writer.end();
    add("aaa/VERSION", "1.0");
    add("aaa/json", "{}");
    add("aaa/layer.tar", layer);
    oci::Entry second = test::symlink_entry("bbb/layer.tar", "../aaa/layer.tar");
    if (link == oci::EntryType::hard_link) second.link_target = "aaa/layer.tar";
    second.type = link;
    writer.begin(second);
    writer.end();
    add(config_name, config);
    add("manifest.json",
        store::to_json({{.config = config_name, .repo_tags = tags, .layers = layers}}));
    add("repositories", "{}");
    writer.finish();
    return out.text;
  }
};

}  // namespace

TEST_CASE("a docker-save tar becomes an OCI image around the same bytes", "[store]") {
  const Loader loader;
  LegacySave save;
  SECTION("layers linked as docker does") {}
  SECTION("layers linked as other tools do") {
    save.link = oci::EntryType::hard_link;
  }
  const auto loaded = loader.tar(save.tar());
  REQUIRE(loaded.size() == 2);
  CHECK(loaded[0].name->familiar() == "app:1");
  CHECK(loaded[1].name->familiar() == "ghcr.io/me/web:2");
  const ImageStore store(loader.root());
  const ImageDetails details = store.details(store.find("app:1"));
  CHECK(details.config_json == save.config);
  CHECK(details.manifest.media_type == media_types::oci_manifest);
  REQUIRE(details.manifest.layers.size() == 2);
  for (const Descriptor& layer : details.manifest.layers) {
    CHECK(layer.media_type == media_types::oci_layer);
    CHECK(layer.digest == oci::sha256(save.layer));
    CHECK(store::BlobStore(loader.root()).has(layer));
  }
  CHECK(test::files_below(loader.root() / "blobs").size() == 3);
}

TEST_CASE("a docker-save image without names is loaded without one", "[store]") {
  const Loader loader;
  LegacySave save;
  save.tags.clear();
  const auto loaded = loader.tar(save.tar());
  REQUIRE(loaded.size() == 1);
  CHECK_FALSE(loaded[0].name);
  CHECK(ImageStore(loader.root()).images().size() == 1);
}

TEST_CASE("compressed layers in a docker-save tar keep their bytes", "[store]") {
  const Loader loader;
  const LegacySave save;
  const std::string packed = test::packed(save.layer);
  const std::string json = store::to_json(
      {{.config = "config", .repo_tags = {"app:1"}, .layers = {"l.tar.gz", "l.tar.gz"}}});
  const auto loaded = loader.tar(
      test::tar_of({{"config", save.config}, {"l.tar.gz", packed}, {"manifest.json", json}}));
  const auto layers = ImageStore(loader.root()).details(loaded.at(0)).manifest.layers;
  CHECK(layers.at(0).media_type == media_types::oci_layer_gzip);
  CHECK(layers.at(0).digest == oci::sha256(packed));

  const std::string wrong = test::packed(test::tar_of("hello", "other"));
  const Error error = test::error_of([&] {
    loader.tar(
        test::tar_of({{"config", save.config}, {"l.tar.gz", wrong}, {"manifest.json", json}}));
  });
  CHECK(error.diagnostic().id == "blob-corrupt");
  CHECK_THAT(error.what(), Catch::Contains("\"l.tar.gz\"") && Catch::Contains("wanted diff_id"));
}

TEST_CASE("a damaged docker-save tar is refused and names the member", "[store]") {
  const Loader loader;
  LegacySave save;
  std::string id = "archive-invalid";
  std::string words;
  SECTION("a layer of other bytes") {
    save.layer = test::tar_of("hello", "other");
    id = "blob-corrupt";
    words = "layer \"aaa/layer.tar\"";
  }
  SECTION("a config of other bytes") {
    save.config.back() = ' ';
    save.config += "}";
    id = "blob-corrupt";
    words = "config \"" + save.config_name + "\"";
  }
  SECTION("a config that is none") {
    save.config = "[]";
    save.config_name = "config.json";
    words = "\"config.json\"";
  }
  SECTION("a layer that is missing") {
    save.layers[1] = "ccc/layer.tar";
    words = "\"ccc/layer.tar\"";
  }
  SECTION("too few layers") {
    save.layers.pop_back();
    words = "1 layers";
  }
  SECTION("a name that is none") {
    save.tags = {"App:1"};
    words = "invalid image name \"App:1\"";
  }
  const Diagnostic found = loader.refused_tar(save.tar());
  CHECK(found.id == id);
  CHECK_THAT(found.message, Catch::Contains(words) && Catch::Contains("in.tar"));
}

TEST_CASE("links of an archive that lead nowhere or in a circle are missing members", "[store]") {
  const Loader loader;
  support::StringSink out;
  tar::TarWriter writer(out);
  for (const auto& [name, target] : std::map<std::string, std::string>{
           {"manifest.json", "b"}, {"b", "manifest.json"}, {"oci-layout", "/etc/passwd"}}) {
    writer.begin(test::symlink_entry(name, target));
    writer.end();
  }
  writer.finish();
  CHECK(loader.refused_tar(out.text).id == "archive-invalid");
}

TEST_CASE("an archive cut short anywhere loads nothing", "[store]") {
  const Loader loader;
  const std::string whole = LegacySave().tar();
  for (std::size_t size = 0; size < whole.size() - 1024; size += 700) {
    loader.refused_tar(std::string_view(whole).substr(0, size));
  }
}
