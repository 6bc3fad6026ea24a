// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <ocibuild/image_store.hpp>
#include <ocibuild/upkeep.hpp>

#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "store/build_cache.hpp"
#include "store/hold.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "support/temp_file.hpp"
#include "tiny_images.hpp"

using namespace ocibuild;
using test::TempDir;

namespace {

constexpr std::int64_t hour = 3600;

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void set_age(const std::filesystem::path& file, std::int64_t seconds) {
  const timespec time{now() - seconds, 0};
  const timespec times[] = {time, time};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

const Digest key_of_layer = oci::sha256("key");

/// A store with app:1, an image that lost its name, a layer that only a record knows (seven hours
/// old) and a blob that nothing refers to (two hours old).
struct Fixture {
  TempDir dir{};
  store::OciLayout layout{dir / "store"};
  store::BuildCache cache{dir / "store/cache"};
  StorePlace place{dir / "store"};
  Descriptor app = test::put_image(layout.blobs(), "app");
  Descriptor nameless = test::put_image(layout.blobs(), "nameless");
  Descriptor layer = layout.blobs().put(std::string(media_types::oci_layer), "a layer");
  Descriptor unused = layout.blobs().put("text/plain", "unused");

  Fixture() {
    layout.set_name(app, "docker.io/library/app:1");
    layout.set_name(nameless, "");
    record(key_of_layer, layer, 7 * hour);
    set_age(layout.blobs().path(layer.digest), 9 * hour);
    set_age(layout.blobs().path(unused.digest), 2 * hour);
  }

  std::filesystem::path file(std::string_view kind, const Digest& key) const {
    return dir / "store/cache" / kind / key.hex().substr(0, 2) / key.hex();
  }
  void record(const Digest& key, const Descriptor& blob, std::int64_t age) {
    cache.put_layer(key, {blob, DiffId(oci::sha256("tar")), 7});
    set_age(file("layer-record-2", key), age);
  }
  bool has(const Descriptor& blob) const { return layout.blobs().has(blob); }
  CleanResult clean(CleanRequest request = {}) {
    request.place = place;
    return clean_store(request);
  }
  std::map<std::string, StoredKind> kinds() const {
    std::map<std::string, StoredKind> out;
    for (const StoredItem& item : list_stored(place)) out[item.id] = item.kind;
    return out;
  }
};

std::uint64_t bytes_of(const std::vector<StoredItem>& items) {
  std::uint64_t sum = 0;
  for (const StoredItem& item : items) sum += item.bytes;
  return sum;
}

}  // namespace

TEST_CASE("image.md 6.6: each file is listed with the reason it is there", "[store]") {
  Fixture fixture;
  fixture.cache.put_index(oci::sha256("base layer"), "index");
  fixture.cache.put_download(oci::sha256("url"), {fixture.unused.digest, fixture.unused.size, 0});
  fixture.layout.set_name(fixture.app, "ghcr.io/me/app:2");
  const auto kinds = fixture.kinds();
  const auto& blobs = fixture.layout.blobs();
  CHECK(kinds.at(fixture.app.digest.str()) == StoredKind::image);
  CHECK(kinds.at(test::config_of(blobs, fixture.app).str()) == StoredKind::image);
  CHECK(kinds.at(test::layer_of(blobs, fixture.app).str()) == StoredKind::image);
  CHECK(kinds.at(fixture.nameless.digest.str()) == StoredKind::nameless_image);
  CHECK(kinds.at(fixture.layer.digest.str()) == StoredKind::layer);
  CHECK(kinds.at(fixture.unused.digest.str()) == StoredKind::download);
  CHECK(kinds.at(std::string(key_of_layer.hex())) == StoredKind::layer_record);
  CHECK(kinds.at(std::string(oci::sha256("base layer").hex())) == StoredKind::layer_index);
  CHECK(kinds.size() == 11);
  const auto items = list_stored(fixture.place);
  CHECK(items.front().kind == StoredKind::image);
  REQUIRE(items.front().names.size() == 2);
  CHECK(items.front().names[0].familiar() == "app:1");
  CHECK(items.front().names[1].familiar() == "ghcr.io/me/app:2");
  for (const StoredItem& item : items) {
    if (item.id != fixture.layer.digest.str()) continue;
    CHECK(item.bytes == fixture.layer.size);
    CHECK(std::abs(item.last_use - (now() - 7 * hour)) < 60);  // the record's, which is later
  }
}

TEST_CASE("image.md 6.5: without all, only what nothing refers to goes", "[store]") {
  Fixture fixture;
  const CleanResult result = fixture.clean();
  CHECK_FALSE(result.in_use);
  CHECK_FALSE(fixture.has(fixture.unused));
  CHECK_FALSE(fixture.has(fixture.nameless));
  CHECK(fixture.has(fixture.layer));
  CHECK(fixture.has(fixture.app));
  CHECK(fixture.cache.find_layer(key_of_layer));
  CHECK(result.removed.front().id == fixture.unused.digest.str());  // older than the image
  CHECK(result.removed.size() == 4);
  CHECK(result.bytes == bytes_of(result.removed));
  CHECK(test::listed_names(fixture.layout) == std::vector<std::string>{"docker.io/library/app:1"});
}

TEST_CASE("image.md 6.5: with all, images with a name are what is left, whole", "[store]") {
  Fixture fixture;
  fixture.record(oci::sha256("of the app"),
                 oci::parse_manifest(fixture.layout.blobs().read(fixture.app, 4096)).layers.at(0),
                 0);
  fixture.cache.put_chunks(fixture.layer.digest, "chunks");
  fixture.dir.write("store/cache/layer-record-1/00/old", "of an older version");
  fixture.clean({.place = {}, .all = true});
  const auto left = list_stored(fixture.place);
  CHECK(left.size() == 3);
  for (const StoredItem& item : left) CHECK(item.kind == StoredKind::image);
  ImageStore images(fixture.dir / "store");
  CHECK_NOTHROW(images.details(images.find("app:1")));
  CHECK(verify_store(fixture.place).damage.empty());
}

TEST_CASE("image.md 6.5: what images of an index have is theirs", "[store]") {
  Fixture fixture;
  const auto one = test::put_image(fixture.layout.blobs(), "one");
  const auto two = test::put_image(fixture.layout.blobs(), "two");
  const auto index = test::put_index(fixture.layout.blobs(), {one, two}, {"amd64", "arm64"});
  fixture.layout.set_name(index, "docker.io/library/both:1");
  fixture.clean({.place = {}, .all = true});
  CHECK(verify_store(fixture.place).damage.empty());
  CHECK(fixture.has(two));
}

TEST_CASE("image.md 6.5: the least recently used goes first, until it is little enough",
          "[store]") {
  Fixture fixture;
  fixture.clean();
  const auto newer = fixture.layout.blobs().put(std::string(media_types::oci_layer), "newer layer");
  fixture.record(oci::sha256("newer"), newer, hour);
  std::uint64_t images = 0;
  for (const StoredItem& item : list_stored(fixture.place)) {
    if (item.kind == StoredKind::image) images += item.bytes;
  }
  const std::uint64_t all = bytes_of(list_stored(fixture.place)) - images;
  SECTION("nothing goes while there is room") {
    CHECK(fixture.clean({.place = {}, .all = true, .unused_for = {}, .keep_bytes = all})
              .removed.empty());
  }
  SECTION("one byte less, and the older layer goes with its record") {
    const auto result =
        fixture.clean({.place = {}, .all = true, .unused_for = {}, .keep_bytes = all - 1});
    CHECK(result.removed.size() == 2);
    CHECK_FALSE(fixture.has(fixture.layer));
    CHECK_FALSE(fixture.cache.find_layer(key_of_layer));
    CHECK(fixture.has(newer));
    CHECK(fixture.cache.find_layer(oci::sha256("newer")));
  }
}

TEST_CASE("image.md 6.5: what was used since stays", "[store]") {
  Fixture fixture;
  const CleanRequest request{
      .place = {}, .all = true, .unused_for = std::chrono::seconds(5 * hour)};
  SECTION("written") {
    CHECK(fixture.clean(request).removed.size() == 2);
  }
  SECTION("or found by a build") {
    CHECK(fixture.cache.find_layer(key_of_layer));
    CHECK(fixture.clean(request).removed.empty());
    CHECK(fixture.has(fixture.layer));
  }
}

TEST_CASE("image.md 6.5: a dry run says what would go and removes nothing", "[store]") {
  Fixture fixture;
  const auto before = test::files_below(fixture.dir.path());
  const CleanResult dry = fixture.clean(
      {.place = {}, .all = true, .unused_for = {}, .keep_bytes = {}, .dry_run = true});
  CHECK(test::files_below(fixture.dir.path()) == before);
  const CleanResult wet = fixture.clean({.place = {}, .all = true});
  CHECK(dry.removed.size() == wet.removed.size());
  CHECK(dry.bytes == wet.bytes);
}

TEST_CASE("image.md 6.5: no blob goes while an operation holds the store", "[store]") {
  Fixture fixture;
  fixture.cache.put_index(oci::sha256("base layer"), "index");
  {
    const auto hold = store::Hold::shared(fixture.layout, {});
    const CleanResult result = fixture.clean({.place = {}, .all = true});
    CHECK(result.in_use);
    CHECK(fixture.has(fixture.unused));
    CHECK(fixture.has(fixture.nameless));
    CHECK(fixture.cache.find_layer(key_of_layer));
    CHECK_FALSE(fixture.cache.find_index(oci::sha256("base layer")));  // costs time only
  }
  CHECK_FALSE(fixture.clean({.place = {}, .all = true}).in_use);
  CHECK_FALSE(fixture.has(fixture.unused));
}

TEST_CASE("image.md 6.5: who removes waits for nobody, who begins waits for it", "[store]") {
  Fixture fixture;
  auto alone = store::Hold::alone(fixture.layout);
  REQUIRE(alone);
  CHECK_FALSE(store::Hold::alone(fixture.layout));
  std::stop_source stop;
  stop.request_stop();
  CHECK(test::error_of([&] { store::Hold::shared(fixture.layout, stop.get_token()); }).code() ==
        Errc::interrupted);
  alone.reset();
  const auto one = store::Hold::shared(fixture.layout, {});
  const auto two = store::Hold::shared(fixture.layout, {});
  CHECK_FALSE(store::Hold::alone(fixture.layout));
}

TEST_CASE("image.md 6.4, 6.5: only temporary files older than a day go", "[store]") {
  Fixture fixture;
  const auto directory = fixture.layout.blobs().temp_directory();
  const auto fresh = fixture.dir.write("store/.ocibuild/tmp/.ocibuild-1", "fresh");
  const auto old = fixture.dir.write("store/.ocibuild/tmp/.ocibuild-2", "old");
  fixture.dir.write("store/.ocibuild/tmp/.ocibuild-3/blobs/x", "old");
  set_age(old, 25 * hour);
  set_age(directory / ".ocibuild-3", 25 * hour);
  std::uint64_t bytes = 0;
  for (const StoredItem& item : list_stored(fixture.place)) {
    if (item.kind == StoredKind::temporary) bytes += item.bytes;
  }
  CHECK(bytes == 6);
  fixture.clean({.place = {}, .all = true});
  CHECK(test::files_below(directory) == std::vector<std::string>{".ocibuild-1"});
  CHECK(std::filesystem::exists(fresh));
}

TEST_CASE("image.md 6.5: layers that images without a name share go with the last of them",
          "[store]") {
  Fixture fixture;
  fixture.clean();
  const auto& blobs = fixture.layout.blobs();
  const auto older = test::put_image(blobs, "shared");
  Manifest manifest = oci::parse_manifest(blobs.read(older, 4096));
  manifest.annotations["a"] = "b";
  const auto newer = blobs.put(manifest.media_type, oci::to_json(manifest));
  fixture.layout.set_name(newer, "");
  fixture.layout.set_name(older, "");
  set_age(blobs.path(older.digest), 9 * hour);
  fixture.clean({.place = {}, .all = true, .unused_for = std::chrono::seconds(5 * hour)});
  CHECK_FALSE(fixture.has(older));
  CHECK(fixture.has(newer));
  CHECK(fixture.has(manifest.layers.at(0)));
  CHECK(verify_store(fixture.place).damage.empty());
  fixture.clean();
  CHECK_FALSE(fixture.has(manifest.layers.at(0)));
}

TEST_CASE("image.md 6.5: nothing is removed when an image cannot be followed", "[store]") {
  Fixture fixture;
  test::damage(fixture.layout.blobs().path(fixture.app.digest));
  const Error error = test::error_of([&] { fixture.clean(); });
  CHECK(error.diagnostic().id == "blob-corrupt");
  CHECK(fixture.has(fixture.unused));
}

TEST_CASE("image.md 6.5: a store that is not there is empty, and is not made", "[store]") {
  const TempDir dir;
  const StorePlace place{dir / "none"};
  CHECK(list_stored(place).empty());
  CHECK(clean_store({.place = place, .all = true}).removed.empty());
  CHECK(verify_store(place).blobs == 0);
  CHECK_FALSE(std::filesystem::exists(dir / "none"));
}

namespace {

std::vector<std::string> damage_ids(const Fixture& fixture) {
  std::vector<std::string> ids;
  for (const Diagnostic& found : verify_store(fixture.place).damage) ids.push_back(found.id);
  return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("image.md 6.7: verifying reads every blob and build record", "[store]") {
  Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  const Digest layer = test::layer_of(blobs, fixture.app);
  const VerifyResult whole = verify_store(fixture.place);
  CHECK(whole.damage.empty());
  CHECK(whole.blobs == 8);
  CHECK(whole.cache_files == 1);
  CHECK(whole.bytes == bytes_of(list_stored(fixture.place)));
  SECTION("a blob that changed") {
    test::damage(blobs.path(layer));
    const VerifyResult result = verify_store(fixture.place);
    REQUIRE(result.damage.size() == 1);
    CHECK(result.damage[0].id == "blob-corrupt");
    CHECK_THAT(result.damage[0].message, Catch::Matchers::Contains(std::string(layer.hex())));
  }
  SECTION("a blob that was cut off is told of once") {
    std::filesystem::resize_file(blobs.path(layer), 10);
    CHECK(damage_ids(fixture) == Ids{"blob-corrupt"});
  }
  SECTION("a blob that is gone") {
    std::filesystem::remove(blobs.path(layer));
    const VerifyResult result = verify_store(fixture.place);
    REQUIRE(result.damage.size() == 1);
    CHECK(result.damage[0].message == "the image app:1 lacks its layer " + layer.str());
  }
  SECTION("a manifest that is gone") {
    std::filesystem::remove(blobs.path(fixture.nameless.digest));
    CHECK(damage_ids(fixture) == Ids{"blob-missing"});
  }
  SECTION("a build record") {
    test::damage(fixture.file("layer-record-2", key_of_layer));
    CHECK(damage_ids(fixture) == Ids{"cache-file-corrupt"});
  }
  SECTION("a stat index") {
    fixture.dir.write("store/cache/stat-index/" + std::string(key_of_layer.hex()), "ocibuild x\n");
    CHECK(damage_ids(fixture) == Ids{"cache-file-corrupt"});
  }
}
