// SPDX-License-Identifier: Apache-2.0
// OCI layouts, and what every archive has in common; docker-save tars: load_docker_save_test.cpp.
#include <map>

#include "load_fixture.hpp"
#include "oci/image_json.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using test::Loader;

namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

std::string hex_of(std::string_view text) {
  return std::string(oci::sha256(text).hex());
}

/// The files of an OCI layout with the image app:1, by name.
struct LayoutFiles {
  std::string layer = test::tar_of("hello", "world");
  std::string config = oci::to_json(test::tiny_config({layer}));
  Manifest manifest{.media_type = std::string(media_types::oci_manifest),
                    .config = descriptor(media_types::oci_config, config),
                    .layers = {descriptor(media_types::oci_layer, layer)},
                    .annotations = {}};
  std::string manifest_json = oci::to_json(manifest);
  std::map<std::string, std::string> files{
      {"oci-layout", store::layout_marker()},
      {"index.json", index_of(manifest_json)},
      {blob(config), config},
      {blob(layer), layer},
      {blob(manifest_json), manifest_json},
  };

  static std::string blob(std::string_view text) { return "blobs/sha256/" + hex_of(text); }
  static Descriptor descriptor(std::string_view media_type, std::string_view text) {
    return {
        .media_type = std::string(media_type), .digest = oci::sha256(text), .size = text.size()};
  }
  static std::string index_of(std::string_view manifest) {
    Descriptor entry = descriptor(media_types::oci_manifest, manifest);
    entry.annotations.emplace("org.opencontainers.image.ref.name", "docker.io/library/app:1");
    return oci::to_json(Index{.media_type = {}, .manifests = {entry}, .annotations = {}});
  }
  /// With another manifest and its index in place of the first.
  void replace_manifest() {
    files.erase(blob(manifest_json));
    manifest_json = oci::to_json(manifest);
    files["index.json"] = index_of(manifest_json);
    files[blob(manifest_json)] = manifest_json;
  }
  std::string tar() const { return test::tar_of(Files(files.begin(), files.end())); }
};

/// What is said of the same files as an archive and as a directory.
std::vector<Diagnostic> refused_layout(const Loader& loader, const LayoutFiles& layout) {
  std::filesystem::remove_all(loader.dir / "layout");
  for (const auto& [name, text] : layout.files) loader.dir.write("layout/" + name, text);
  return {loader.refused_tar(layout.tar()),
          loader.refused([&] { load(loader.root(), loader.dir / "layout"); })};
}

}  // namespace

TEST_CASE("a layout is loaded from archive and directory under its name", "[store]") {
  const LayoutFiles layout;
  const Loader loader;
  CHECK(loader.tar(layout.tar()).at(0).name->familiar() == "app:1");
  for (const auto& [name, text] : layout.files) loader.dir.write("layout/" + name, text);
  CHECK(load(loader.dir / "other", loader.dir / "layout").at(0).name->familiar() == "app:1");
  CHECK(ImageStore(loader.dir / "other")
            .details(ImageStore(loader.dir / "other").find("app:1"))
            .config_json == layout.config);
}

TEST_CASE("blobs may be addressed by SHA-512", "[store]") {
  LayoutFiles layout;
  oci::Hasher hasher("sha512");
  hasher.write(support::as_bytes(layout.layer));
  const Digest digest = hasher.finish();
  layout.files.erase(LayoutFiles::blob(layout.layer));
  layout.files["blobs/sha512/" + std::string(digest.hex())] = layout.layer;
  layout.manifest.layers[0].digest = digest;
  layout.replace_manifest();
  const Loader loader;
  const auto loaded = loader.tar(layout.tar());
  CHECK(store::BlobStore(loader.root()).has(layout.manifest.layers[0]));
  save(loader.root(), {{loaded.at(0).manifest, {}}}, ImageContainer::docker_archive,
       loader.dir / "saved.tar");
  CHECK(load(loader.dir / "other", loader.dir / "saved.tar").size() == 1);
}

TEST_CASE("a bare tag takes the name of the file or directory it came from", "[store]") {
  LayoutFiles layout;
  auto& index = layout.files["index.json"];
  const std::string full = "docker.io/library/app:1";
  index.replace(index.find(full), full.size(), "v7");
  const Loader loader;
  CHECK(loader.tar(layout.tar(), "box.tar.gz").at(0).name->familiar() == "box:v7");
  for (const auto& [name, text] : layout.files) loader.dir.write("crate/" + name, text);
  CHECK(load(loader.root(), loader.dir / "crate").at(0).name->familiar() == "crate:v7");
}

TEST_CASE("a damaged layout is refused and names the member", "[store]") {
  const Loader loader;
  LayoutFiles layout;
  std::string id = "archive-invalid";
  std::string words;
  SECTION("a layer of other bytes") {
    layout.files[LayoutFiles::blob(layout.layer)][0] = 'X';
    id = "blob-corrupt";
    words = hex_of(layout.layer);
  }
  SECTION("a layer of another size") {
    layout.files[LayoutFiles::blob(layout.layer)] += "more";
    id = "blob-corrupt";
    words = hex_of(layout.layer);
  }
  SECTION("a manifest of other bytes") {
    layout.files[LayoutFiles::blob(layout.manifest_json)][0] = ' ';
    id = "blob-corrupt";
    words = hex_of(layout.manifest_json);
  }
  SECTION("no layer") {
    layout.files.erase(LayoutFiles::blob(layout.layer));
    words = "\"" + LayoutFiles::blob(layout.layer) + "\"";
  }
  SECTION("no manifest") {
    layout.files.erase(LayoutFiles::blob(layout.manifest_json));
    words = "\"" + LayoutFiles::blob(layout.manifest_json) + "\"";
  }
  SECTION("more layers than diff_ids") {
    layout.manifest.layers.push_back(layout.manifest.layers.front());
    layout.replace_manifest();
    words = "has 2 layers, its config 1 diff_ids";
  }
  SECTION("an uncompressed layer that is not its diff_id") {
    const std::string other = test::tar_of("hello", "other");
    layout.files[LayoutFiles::blob(other)] = other;
    layout.manifest.layers = {LayoutFiles::descriptor(media_types::oci_layer, other)};
    layout.replace_manifest();
    words = "is uncompressed, but its diff_id is";
  }
  SECTION("a digest that is none") {
    layout.manifest_json = R"({"schemaVersion":2,"config":{"digest":"sha256:../../x","size":1}})";
    layout.files["index.json"] = LayoutFiles::index_of(layout.manifest_json);
    layout.files[LayoutFiles::blob(layout.manifest_json)] = layout.manifest_json;
    words = hex_of(layout.manifest_json);
  }
  SECTION("no image listed") {
    layout.files["index.json"] = R"({"schemaVersion":2,"manifests":[]})";
    words = "lists no image";
  }
  SECTION("something listed that is no image") {
    layout.files["index.json"] =
        oci::to_json(Index{.media_type = {},
                           .manifests = {LayoutFiles::descriptor("text/plain", layout.layer)},
                           .annotations = {}});
    words = "\"text/plain\"";
  }
  for (const Diagnostic& found : refused_layout(loader, layout)) {
    CHECK(found.id == id);
    CHECK_THAT(found.message, Catch::Contains(words));
  }
}

TEST_CASE("only blobs that an image needs are stored", "[store]") {
  LayoutFiles layout;
  layout.files["blobs/sha256/stray"] = "stray";
  layout.files["../../escape"] = std::string(300'000, 'x');
  const Loader loader;
  loader.tar(layout.tar());
  CHECK(test::files_below(loader.root() / "blobs").size() == 3);
  CHECK(std::filesystem::is_empty(loader.root() / ".ocibuild" / "tmp"));
  CHECK(test::files_below(loader.dir.path()).size() == 8);  // in.tar, lock, in-use, …
}

TEST_CASE("what is no image archive is told what was expected", "[store]") {
  const Loader loader;
  for (const std::string& bytes :
       {std::string(), test::tar_of("hello", "world"), test::tar_of("repositories", "{}")}) {
    const Diagnostic found = loader.refused_tar(bytes);
    CHECK(found.id == "archive-invalid");
    CHECK_THAT(found.message, Catch::Contains("neither index.json nor manifest.json"));
    REQUIRE(found.helps.size() == 1);
    CHECK_THAT(found.helps[0], Catch::Contains("expected a tar or directory"));
  }
  CHECK(loader.refused_tar(std::string(2000, 'x')).id == "archive-invalid");
  const Diagnostic directory =
      loader.refused([&] { load(loader.root(), loader.dir.mkdir("empty")); });
  CHECK(directory.id == "archive-invalid");
  CHECK_THAT(directory.message, Catch::Contains("it has no file oci-layout"));
  CHECK(loader.refused([&] { load(loader.root(), loader.dir / "nothing"); }).id == "io-error");
}

TEST_CASE("a name that the store has moves to the loaded image", "[store]") {
  const Loader loader;
  store::OciLayout layout(loader.root());
  layout.set_name(test::put_image(layout.blobs(), "old"), "docker.io/library/app:1");
  const LayoutFiles files;
  loader.tar(files.tar());
  CHECK(test::listed_names(layout) == std::vector<std::string>{"docker.io/library/app:1", ""});
  CHECK(ImageStore(loader.root()).find("app:1").manifest.digest ==
        oci::sha256(files.manifest_json));
}

TEST_CASE("an archive that gives one name twice means the later image", "[store]") {
  LayoutFiles layout;
  LayoutFiles later;
  later.manifest.annotations.emplace("made", "later");
  later.replace_manifest();
  Index index = oci::parse_index(layout.files["index.json"]);
  index.manifests.push_back(oci::parse_index(later.files["index.json"]).manifests.front());
  layout.files.merge(later.files);
  layout.files["index.json"] = oci::to_json(index);
  const Loader loader;
  const auto loaded = loader.tar(layout.tar());
  REQUIRE(loaded.size() == 2);
  CHECK_FALSE(loaded[0].name);
  CHECK(ImageStore(loader.root()).find("app:1").manifest.digest ==
        oci::sha256(later.manifest_json));
}
