// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <ocibuild/error.hpp>

#include "build/cache_records.hpp"
#include "oci/image_json.hpp"
#include "project.hpp"

using namespace ocibuild;
namespace fs = std::filesystem;

namespace {

/// One project and a directory for its cache; each build is on a machine of its own.
struct Fleet {
  test::Project project{"FROM scratch\nCOPY a /a\nCOPY b /b\n"};
  fs::path cache = project.dir / "layers";
  unsigned machines = 0;

  Fleet() {
    project.dir.write("context/a", "one");
    project.dir.write("context/b", "two");
    project.request.cache_from = {LayoutImage{.directory = cache}};
  }
  BuildResult build() {
    project.request.store = project.dir / ("store" + std::to_string(++machines));
    return project.build();
  }
  Digest save(const BuildResult& result, const std::string& tag = {}) {
    return save_cache(project.request, result, {.directory = cache, .tag = tag}).value();
  }
  std::vector<bool> cached(const BuildResult& result) const {
    std::vector<bool> out;
    for (const LayerReport& layer : result.platforms[0].layers) out.push_back(layer.cached);
    return out;
  }
  store::BlobStore blobs() const { return store::BlobStore(cache); }
  Manifest manifest() const {
    const Index index = store::OciLayout(cache).read_index();
    return oci::parse_manifest(blobs().read(index.manifests.at(0), oci::manifest_limit));
  }
  void write_blob(const Digest& digest, std::string_view bytes) const {
    std::ofstream(blobs().path(digest), std::ios::binary) << bytes;
  }
  /// The cache lists another manifest, which is right in itself.
  void replace(const Manifest& manifest) const {
    store::OciLayout layout(cache);
    Descriptor entry = layout.blobs().put(manifest.media_type, oci::to_json(manifest));
    entry.annotations = layout.read_index().manifests.at(0).annotations;
    layout.update_index([&](Index& index) { index.manifests = {entry}; });
  }
  void replace_config(std::string_view text) const {
    Manifest changed = manifest();
    changed.config = blobs().put(changed.config.media_type, text);
    replace(changed);
  }
};

using Cached = std::vector<bool>;

/// The caches that a build reads, as it calls them.
struct Reads final : EventSink {
  void on_event(const Event& event) override {
    if (const auto* read = std::get_if<CacheRead>(&event)) names.push_back(read->name);
  }
  std::vector<std::string> names;
};

store::LayerRecord record_of(char digit) {
  const Digest digest = Digest::parse("sha256:" + std::string(64, digit));
  return {.descriptor = {.media_type = MediaType(media_types::oci_layer_gzip),
                         .digest = digest,
                         .size = 1},
          .diff_id = DiffId(digest),
          .unpacked = 1};
}

std::string only_warning(const BuildResult& result) {
  REQUIRE(result.warnings.size() == 1);
  CHECK(result.warnings[0].id == "cache-unusable");
  const std::string& text = result.warnings[0].message;
  return text.substr(text.find("not used: ") + 10);
}

}  // namespace

TEST_CASE("image.md 7.7, 7.8: another machine takes all layers from a cache in a layout",
          "[build]") {
  Fleet fleet;
  const BuildResult first = fleet.build();
  CHECK(fleet.cached(first) == Cached{false, false});
  CHECK(first.warnings.empty());
  fleet.save(first);
  const BuildResult second = fleet.build();
  CHECK(fleet.cached(second) == Cached{true, true});
  CHECK(second.manifest.digest == first.manifest.digest);
  CHECK(second.warnings.empty());
  test::check_valid(fleet.project, second);

  fs::remove_all(fleet.cache);  // what was found has a record now
  const BuildResult third = fleet.project.build();
  CHECK(fleet.cached(third) == Cached{true, true});
}

TEST_CASE("image.md 7.7: the same layers are the same cache", "[build]") {
  Fleet fleet;
  const Digest first = fleet.save(fleet.build());
  fleet.project.request.dockerfile_text = "FROM scratch\nCOPY b /b\nCOPY a /a\nLABEL l=1\n";
  fleet.project.request.format = ImageFormat::docker;
  CHECK(fleet.save(fleet.build()) == first);
  const Manifest manifest = fleet.manifest();
  CHECK(manifest.config.media_type == "application/vnd.ocibuild.cache.v1+json");
  REQUIRE(manifest.layers.size() == 2);
  CHECK(manifest.layers[0].media_type == media_types::oci_layer_gzip);
}

TEST_CASE("image.md 7.8: a changed layer is made, the others are taken", "[build]") {
  Fleet fleet;
  fleet.save(fleet.build());
  fleet.project.dir.write("context/b", "changed");
  CHECK(fleet.cached(fleet.build()) == Cached{true, false});
  fleet.project.request.use_cache = false;
  CHECK(fleet.cached(fleet.build()) == Cached{false, false});
}

TEST_CASE("image.md 7.8: caches are read in their order, and none when every layer has a record",
          "[build]") {
  Fleet fleet;
  fleet.save(fleet.build());
  fleet.project.dir.write("context/b", "changed");
  fleet.save(fleet.build(), "other");
  auto& from = fleet.project.request.cache_from;
  from.push_back(LayoutImage{.directory = fleet.cache, .tag = "other"});
  CHECK(fleet.cached(fleet.build()) == Cached{true, true});

  Reads reads;
  build(fleet.project.request, reads);
  CHECK(reads.names.empty());
}

TEST_CASE("image.md 7.8: a cache behind one that has every layer is not read", "[build]") {
  Fleet fleet;
  fleet.save(fleet.build());
  const fs::path copy = fleet.project.dir / "copy";
  fs::copy(fleet.cache, copy, fs::copy_options::recursive);
  auto& from = fleet.project.request.cache_from;
  from.insert(from.begin(), LayoutImage{.directory = copy});
  fleet.project.request.store = fleet.project.dir / "fresh";
  Reads reads;
  build(fleet.project.request, reads);
  CHECK(reads.names == std::vector<std::string>{copy.string()});
}

TEST_CASE("image.md 7.9: a blob that the store has is taken from there", "[build]") {
  Fleet fleet;
  const BuildResult made = fleet.build();
  fleet.save(made);
  fs::remove(fleet.blobs().path(made.platforms[0].layers[0].descriptor.digest));
  fs::remove_all(fleet.project.request.store / "cache");  // blobs without records
  const BuildResult again = fleet.project.build();
  CHECK(fleet.cached(again) == Cached{true, true});
  CHECK(again.warnings.empty());
}

TEST_CASE("image.md 7.11: a cache has the layers of all platforms", "[build]") {
  Fleet fleet;
  fleet.project.request.dockerfile_text = "FROM scratch\nARG TARGETARCH\nCOPY a /$TARGETARCH\n";
  fleet.project.request.platforms = {Platform::parse("linux/amd64"),
                                     Platform::parse("linux/arm64")};
  fleet.save(fleet.build());
  CHECK(fleet.manifest().layers.size() == 2);
  const BuildResult again = fleet.build();
  REQUIRE(again.platforms.size() == 2);
  for (const PlatformResult& image : again.platforms) CHECK(image.layers.at(0).cached);
}

TEST_CASE("image.md 7.7: records are sorted by key, and a blob of several is named once",
          "[build]") {
  engine::CacheRecords records;
  for (const char digit : {'b', 'c', 'a'})
    records.add_layer(record_of(digit).diff_id.digest(), record_of('d'));
  const std::string config = engine::cache_config(records);
  const auto place = [&](char digit) {
    return config.find("\"key\":\"sha256:" + std::string(64, digit));
  };
  CHECK(place('a') < place('b'));
  CHECK(place('b') < place('c'));
  CHECK(place('c') != std::string::npos);
  const Manifest manifest = engine::cache_manifest(records, Descriptor());
  CHECK(manifest.layers.size() == 1);
  CHECK(engine::parse_cache(manifest, config).layers.size() == 3);
}

TEST_CASE("image.md 7.7: at most 1000 records are written, so that they can be read", "[build]") {
  engine::CacheRecords records;
  for (int i = 0; i < 1200; ++i) {
    std::string hex = std::to_string(i);
    hex.insert(0, 64 - hex.size(), '0');
    const Digest key = Digest::parse("sha256:" + hex);
    records.add_layer(key, record_of('d'));
    records.add_index(key, record_of('e').descriptor);
  }
  CHECK(records.layers.size() + records.indexes.size() == 1000);
  const Manifest manifest = engine::cache_manifest(records, Descriptor());
  CHECK(engine::parse_cache(manifest, engine::cache_config(records)).layers.size() ==
        records.layers.size());
}

TEST_CASE("image.md 7.8: an index that is too large to be one is not asked for", "[build]") {
  engine::CacheRecords records;
  Descriptor blob = record_of('e').descriptor;
  blob.size = engine::cache_index_limit;
  records.add_index(record_of('a').diff_id.digest(), blob);
  const auto read = [&] {
    return engine::parse_cache(engine::cache_manifest(records, Descriptor()),
                               engine::cache_config(records));
  };
  CHECK(read().indexes.size() == 1);
  records.indexes.begin()->second.size += 1;
  CHECK(read().indexes.empty());
}

TEST_CASE("image.md 7.11: a tag moves, and what it named is listed no longer", "[build]") {
  Fleet fleet;
  fleet.save(fleet.build());
  fleet.project.dir.write("context/b", "changed");
  const Digest second = fleet.save(fleet.build());
  const Index index = store::OciLayout(fleet.cache).read_index();
  REQUIRE(index.manifests.size() == 1);
  CHECK(index.manifests[0].digest == second);
  fleet.project.request.dockerfile_text = "FROM scratch\nENV a=b\n";
  CHECK(!save_cache(fleet.project.request, fleet.build(), {.directory = fleet.cache}));
}

TEST_CASE("image.md 7.10: what is not there is a miss without a word", "[build]") {
  Fleet fleet;
  CHECK(fleet.build().warnings.empty());
  const BuildResult made = fleet.build();
  fleet.save(made, "other");  // and none with the tag that is looked for
  CHECK(fleet.build().warnings.empty());
  fleet.save(made);
  fs::remove(fleet.blobs().path(made.platforms[0].layers[0].descriptor.digest));
  const BuildResult again = fleet.build();
  CHECK(fleet.cached(again) == Cached{false, true});
  CHECK(again.warnings.empty());
}

TEST_CASE("image.md 7.10: who stops a build is not told that the cache is of no use", "[build]") {
  Fleet fleet;
  fleet.save(fleet.build());
  struct Stops final : EventSink {
    void on_event(const Event& event) override {
      if (std::holds_alternative<CacheRead>(event)) stop.request_stop();
      if (std::holds_alternative<Warning>(event)) ++warnings;
    }
    std::stop_source stop;
    unsigned warnings = 0;
  } events;
  fleet.project.request.store = fleet.project.dir / "fresh";
  try {
    build(fleet.project.request, events, events.stop.get_token());
    FAIL("not stopped");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::interrupted);
  }
  CHECK(events.warnings == 0);
}

TEST_CASE("image.md 7.10: a cache that is damaged or something else is a warning", "[build]") {
  Fleet fleet;
  const BuildResult made = fleet.build();
  fleet.save(made);
  const Descriptor layer = made.platforms[0].layers[0].descriptor;
  const auto message = [&] {
    const BuildResult result = fleet.build();
    CHECK(result.manifest.digest == made.manifest.digest);
    test::check_valid(fleet.project, result);
    return only_warning(result);
  };
  SECTION("a blob of the right size that is another one") {
    fleet.write_blob(layer.digest, std::string(layer.size, 'x'));
    CHECK(message().starts_with("blob " + layer.digest.str()));
  }
  SECTION("a blob whose size is a lie") {
    Manifest manifest = fleet.manifest();
    for (Descriptor& blob : manifest.layers) blob.size -= blob.digest == layer.digest ? 1 : 0;
    fleet.write_blob(layer.digest, std::string(layer.size - 1, 'x'));
    fleet.replace(manifest);
    CHECK(message().starts_with("blob " + layer.digest.str()));
  }
  SECTION("a damaged config") {
    fleet.write_blob(fleet.manifest().config.digest, "{}");
    CHECK(!message().empty());
  }
  SECTION("an image") {
    store::OciLayout layout(fleet.cache);
    Manifest manifest = fleet.manifest();
    manifest.config.media_type = media_types::oci_config;
    fleet.replace(manifest);
    CHECK(message() ==
          "the cache is something else: its config is of type "
          "\"application/vnd.oci.image.config.v1+json\"");
  }
  SECTION("an index of images") {
    store::OciLayout layout(fleet.cache);
    Descriptor entry =
        layout.blobs().put(MediaType(media_types::oci_index), oci::to_json(layout.read_index()));
    entry.annotations = layout.read_index().manifests.at(0).annotations;
    layout.update_index([&](Index& index) { index.manifests = {entry}; });
    CHECK(message() == "it is no manifest but an index");
  }
  SECTION("no layout") {
    fs::remove(fleet.cache / "oci-layout");
    CHECK(message().find("is not an OCI image layout") != std::string::npos);
  }
  SECTION("no JSON") {
    fleet.replace_config("{\"layers\":");
    CHECK(!message().empty());
  }
  SECTION("a record of a blob that is not named") {
    Manifest manifest = fleet.manifest();
    manifest.layers.clear();
    fleet.replace(manifest);
    CHECK(message() == "the cache has a record of a blob that its manifest does not name");
  }
}

TEST_CASE("image.md 7.7: only whole records of digests are read", "[build]") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  Manifest manifest;
  manifest.config.media_type = engine::cache_config_type;
  manifest.layers = {{.media_type = "t", .digest = Digest::parse(digest), .size = 5}};
  manifest.layers[0].urls = {"http://elsewhere/"};
  const auto read = [&](const std::string& fields) {
    return engine::parse_cache(manifest, "{\"layers\":[{" + fields + "}]}").layers;
  };
  const std::string key = "\"key\":\"" + digest + "\",";
  const std::string blob = "\"digest\":\"" + digest + "\",\"diffID\":\"" + digest + "\",";
  const auto records = read(key + blob + "\"unpacked\":7");
  REQUIRE(records.size() == 1);
  CHECK(records.begin()->second.unpacked == 7);
  CHECK(records.begin()->second.descriptor.size == 5);
  CHECK(records.begin()->second.descriptor.urls.empty());
  CHECK_THROWS_AS(read(key + blob + "\"unpacked\":-1"), Error);
  CHECK_THROWS_AS(read(key + blob + "\"unpacked\":\"7\""), Error);
  CHECK_THROWS_AS(read(blob + "\"unpacked\":7"), Error);
  CHECK_THROWS_AS(read(key + "\"unpacked\":7"), Error);
  CHECK(engine::parse_cache(manifest, "{}").empty());
  CHECK_THROWS_AS(engine::parse_cache(manifest, "[]"), Error);
  std::string many = "{\"layers\":[";
  for (int i = 0; i <= 1000; ++i) many += i == 0 ? "{}" : ",{}";
  CHECK_THROWS_WITH(engine::parse_cache(manifest, many + "]}"),
                    "the cache has more than 1000 layers");
  manifest.config.size = engine::cache_config_limit + 1;
  CHECK_THROWS_WITH(engine::check_cache(manifest),
                    "the cache has a config of more than 1048576 bytes");
  try {
    engine::check_cache(manifest);
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "cache-invalid");
  }
}
