// SPDX-License-Identifier: Apache-2.0
#include <map>

#include <ocibuild/transfer.hpp>

#include "oci/image_json.hpp"
#include "store/docker_archive.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/packed.hpp"
#include "support/temp_dir.hpp"
#include "support/temp_file.hpp"
#include "support/tree_fixture.hpp"
#include "tar/tar_writer.hpp"
#include "tiny_images.hpp"

using namespace ocibuild;
using test::TempDir;

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

struct Loader {
  TempDir dir{};
  std::filesystem::path root() const { return dir.path() / "store"; }
  std::vector<StoredImage> tar(std::string_view bytes, const char* name = "in.tar") const {
    support::write_file(dir / name, bytes);
    return load(root(), dir / name);
  }
  /// Loads what must fail and checks that no image and no temporary file is left.
  Diagnostic refused(const std::function<void()>& work) const {
    const Error error = test::error_of(work);
    CHECK(error.code() == Errc::failed);
    CHECK(ImageStore(root()).images().empty());
    if (std::filesystem::exists(root() / ".ocibuild" / "tmp"))
      CHECK(std::filesystem::is_empty(root() / ".ocibuild" / "tmp"));
    return error.diagnostic();
  }
  Diagnostic refused_tar(std::string_view bytes) const {
    return refused([&] { tar(bytes); });
  }
  /// The same files as an archive and as a directory.
  std::vector<Diagnostic> refused_layout(const LayoutFiles& layout) const {
    std::filesystem::remove_all(dir / "layout");
    for (const auto& [name, text] : layout.files) dir.write("layout/" + name, text);
    return {refused_tar(layout.tar()), refused([&] { load(root(), dir / "layout"); })};
  }
};

/// A docker-save tar as docker before version 25 wrote it, with one layer and a second one that is
/// a link to it.
struct LegacySave {
  std::string layer = test::tar_of("hello", "world");
  std::string config = oci::to_json(test::tiny_config({layer, layer}));
  std::string config_name = hex_of(config) + ".json";
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
  for (const Diagnostic& found : loader.refused_layout(layout)) {
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
  CHECK(test::files_below(loader.dir.path()).size() == 7);  // in.tar, lock, oci-layout, index
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

TEST_CASE("an archive cut short anywhere loads nothing", "[store]") {
  const Loader loader;
  const std::string whole = LegacySave().tar();
  for (std::size_t size = 0; size < whole.size() - 1024; size += 700) {
    loader.refused_tar(std::string_view(whole).substr(0, size));
  }
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
