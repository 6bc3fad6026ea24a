// SPDX-License-Identifier: Apache-2.0
#include "context/stat_index.hpp"

#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"
#include "support/temp_file.hpp"

using namespace ocibuild;
using context::FileStamp;
using context::StatIndex;

namespace {

constexpr std::int64_t second = 1'000'000'000;
const FileStamp old{.device = 1,
                    .inode = 2,
                    .size = 3,
                    .mtime_ns = 50 * second,
                    .ctime_ns = 60 * second,
                    .mode = 0644};

StatIndex::Clock at(std::int64_t seconds) {
  return [=] { return seconds * second; };
}

/// An index file that knows `old` as "a/b".
std::filesystem::path saved(const test::TempDir& dir) {
  StatIndex index(dir / "index", at(100));
  index.learn("a/b", old, oci::sha256("content"));
  index.save();
  return dir / "index";
}

}  // namespace

TEST_CASE("a digest is found again by path and whole stamp, also by the next process",
          "[context]") {
  const test::TempDir dir;
  const StatIndex index(saved(dir), at(200));
  CHECK(index.find("a/b", old) == oci::sha256("content"));
  CHECK_FALSE(index.find("a/c", old));
  for (const auto& change :
       {+[](FileStamp& s) { ++s.device; }, +[](FileStamp& s) { ++s.inode; },
        +[](FileStamp& s) { ++s.size; }, +[](FileStamp& s) { ++s.mtime_ns; },
        +[](FileStamp& s) { ++s.ctime_ns; }, +[](FileStamp& s) { ++s.mode; }}) {
    FileStamp other = old;
    change(other);
    CHECK_FALSE(index.find("a/b", other));
  }
}

TEST_CASE("negative and huge times survive", "[context]") {
  const test::TempDir dir;
  FileStamp stamp = old;
  stamp.mtime_ns = -5;
  stamp.inode = ~std::uint64_t{0};
  StatIndex index(dir / "index", at(100));
  index.learn("x", stamp, oci::sha256("x"));
  index.save();
  CHECK(StatIndex(dir / "index").find("x", stamp));
}

TEST_CASE("a file that changed just before it was read is not remembered", "[context]") {
  const test::TempDir dir;
  StatIndex index(dir / "index", at(62));
  index.learn("by ctime", old, oci::sha256("x"));
  CHECK_FALSE(index.find("by ctime", old));
  FileStamp later = old;
  later.mtime_ns = 70 * second;
  index.learn("by mtime", later, oci::sha256("x"));
  CHECK_FALSE(index.find("by mtime", later));
}

TEST_CASE("entries that are not older than the index itself are not used", "[context]") {
  const test::TempDir dir;
  std::int64_t now = 100;
  StatIndex index(dir / "index", [&] { return now * second; });
  index.learn("a/b", old, oci::sha256("x"));
  now = 61;  // the clock was wrong and is set back
  index.save();
  CHECK_FALSE(StatIndex(dir / "index").find("a/b", old));
}

TEST_CASE("a damaged, cut or foreign index is an empty one", "[context]") {
  const test::TempDir dir;
  const std::string bytes = support::read_file(saved(dir), 10000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    support::write_file(dir / "damaged", damaged);
    CHECK_FALSE(StatIndex(dir / "damaged").find("a/b", old));
    support::write_file(dir / "cut", bytes.substr(0, i));
    CHECK_FALSE(StatIndex(dir / "cut").find("a/b", old));
  }
  dir.mkdir("directory");
  CHECK_FALSE(StatIndex(dir / "directory").find("a/b", old));
  CHECK_FALSE(StatIndex(dir / "missing").find("a/b", old));
}

TEST_CASE("what this run did not ask for is kept for the next one", "[context]") {
  const test::TempDir dir;
  {
    StatIndex index(saved(dir), at(200));
    index.learn("other", old, oci::sha256("y"));
    index.save();
  }
  const StatIndex index(dir / "index");
  CHECK(index.find("a/b", old));
  CHECK(index.find("other", old));
}

TEST_CASE("an index is written only when something was learnt, and failure is silent",
          "[context]") {
  const test::TempDir dir;
  StatIndex index(dir / "index", at(100));
  index.save();
  CHECK_FALSE(std::filesystem::exists(dir / "index"));

  dir.write("file", "");
  StatIndex nowhere(dir / "file/index", at(100));
  nowhere.learn("a", old, oci::sha256("x"));
  nowhere.save();
  CHECK(nowhere.find("a", old));
}
