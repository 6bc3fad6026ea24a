// SPDX-License-Identifier: Apache-2.0
#include "store/build_cache.hpp"

#include <filesystem>

#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"
#include "tiny_images.hpp"

using namespace ocibuild;
using store::BuildCache;
using test::TempDir;

namespace {

const Digest key = oci::sha256("a key");
const Digest other_key = oci::sha256("another key");

store::LayerRecord record() {
  return {.descriptor = {.media_type = std::string(media_types::oci_layer_gzip),
                         .digest = oci::sha256("blob"),
                         .size = 4},
          .diff_id = DiffId(oci::sha256("tar")),
          .unpacked = 10240};
}

std::string only_file(const std::filesystem::path& directory) {
  const auto files = test::files_below(directory);
  REQUIRE(files.size() == 1);
  return files.front();
}

}  // namespace

TEST_CASE("a layer record comes back whole, under its key only", "[store]") {
  const TempDir root;
  const BuildCache cache(root.path() / "cache");
  CHECK_FALSE(cache.find_layer(key));
  cache.put_layer(key, record());
  const auto found = cache.find_layer(key);
  REQUIRE(found);
  CHECK(found->descriptor.media_type == media_types::oci_layer_gzip);
  CHECK(found->descriptor.digest == oci::sha256("blob"));
  CHECK(found->descriptor.size == 4);
  CHECK(found->diff_id == record().diff_id);
  CHECK(found->unpacked == 10240);
  CHECK_FALSE(cache.find_layer(other_key));
}

TEST_CASE("an index record holds any bytes and is no layer record", "[store]") {
  const TempDir root;
  const BuildCache cache(root.path());
  const std::string bytes("a\0\n\xff", 4);
  cache.put_index(key, bytes);
  CHECK(cache.find_index(key) == bytes);
  CHECK_FALSE(cache.find_layer(key));
  cache.put_index(key, "");
  CHECK(cache.find_index(key) == "");
}

TEST_CASE("a truncated, changed or misplaced cache file is a miss", "[store]") {
  const TempDir root;
  const BuildCache cache(root.path());
  cache.put_layer(key, record());
  const std::string name = only_file(root.path());
  const auto file = root / name;
  SECTION("truncated at any byte") {
    const std::string whole = support::read_file(file, 4096);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      root.write(name, whole.substr(0, size));
      CHECK_FALSE(cache.find_layer(key));
    }
  }
  SECTION("one byte changed anywhere") {
    const std::string whole = support::read_file(file, 4096);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      root.write(name, changed);
      CHECK_FALSE(cache.find_layer(key));
    }
  }
  SECTION("renamed to another key") {
    cache.put_layer(other_key, record());
    const std::string mine = support::read_file(file, 4096);
    for (const std::string& each : test::files_below(root.path())) root.write(each, mine);
    CHECK(cache.find_layer(key));
    CHECK_FALSE(cache.find_layer(other_key));
  }
  SECTION("a directory") {
    std::filesystem::remove(file);
    std::filesystem::create_directory(file);
    CHECK_FALSE(cache.find_layer(key));
    cache.put_layer(key, record());
  }
}

TEST_CASE("a cache that cannot be written is no error", "[store]") {
  const TempDir root;
  const BuildCache cache(root.write("file", "no directory"));
  cache.put_layer(key, record());
  cache.put_index(key, "bytes");
  CHECK_FALSE(cache.find_layer(key));
  CHECK_FALSE(cache.find_index(key));
}

TEST_CASE("image.md 7.4: a cache that is made anew finds nothing but downloads", "[store]") {
  const TempDir root;
  const BuildCache before(root.path());
  before.put_layer(key, record());
  before.put_layer_shape(key);
  before.put_index(key, "index");
  before.put_archive(key, "archive");
  before.put_chunks(key, "chunks");
  before.put_download(key, {.blob = other_key, .size = 1, .modified = 2});
  const BuildCache anew(root.path(), {.finds = false});
  CHECK_FALSE(anew.find_layer(key));
  CHECK_FALSE(anew.has_layer_shape(key));
  CHECK_FALSE(anew.find_index(key));
  CHECK_FALSE(anew.find_archive(key));
  CHECK(anew.find_chunks().empty());
  CHECK(anew.find_download(key));
  anew.put_index(key, "new");
  CHECK(before.find_index(key) == "new");
}

TEST_CASE("each context has a stat index file of its own inside the cache", "[store]") {
  const BuildCache cache("/cache");
  const auto file = cache.stat_index_file("/home/me/a");
  CHECK(file == cache.stat_index_file("/home/me/a"));
  CHECK(file != cache.stat_index_file("/home/me/b"));
  CHECK(file.parent_path().parent_path() == "/cache");
}

TEST_CASE("image.md 7.6: the repositories of a blob come back in their order", "[store]") {
  const TempDir root;
  const BuildCache cache(root.path() / "cache");
  CHECK(cache.find_repositories(key).empty());
  cache.put_repositories(key, {"reg.test/b", "reg.test:5000/a"});
  CHECK(cache.find_repositories(key) == std::vector<std::string>{"reg.test/b", "reg.test:5000/a"});
  CHECK(cache.find_repositories(other_key).empty());
}

TEST_CASE("image.md 6.5, 7.4: a download record names its blob; anything else is a miss",
          "[store]") {
  const TempDir root;
  const BuildCache cache(root.path());
  CHECK_FALSE(cache.find_download(key));
  cache.put_download(key, {oci::sha256("blob"), 4, 1'700'000'000});
  const auto found = cache.find_download(key);
  REQUIRE(found);
  CHECK(found->blob == oci::sha256("blob"));
  CHECK(found->size == 4);
  CHECK(found->modified == 1'700'000'000);
  for (const char* text : {"", "4\n0\n", "sha256:x\n4\n0\n", "md5:ab\n4\n0\n"})
    CHECK_FALSE(store::decode_download(text));
}

TEST_CASE("image.md 6.5: finding a record is a use of it", "[store]") {
  const TempDir root;
  const BuildCache cache(root.path());
  cache.put_layer(key, record());
  const auto file = root / only_file(root.path());
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(30);
  std::filesystem::last_write_time(file, old);
  CHECK_FALSE(cache.find_layer(other_key));
  CHECK(std::filesystem::last_write_time(file) == old);
  CHECK(cache.find_layer(key));
  CHECK(std::filesystem::last_write_time(file) > old + std::chrono::hours(29));
}
