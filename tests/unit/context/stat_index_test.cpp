// SPDX-License-Identifier: Apache-2.0
#include "context/stat_index.hpp"

#include <atomic>
#include <thread>

#include "oci/hasher.hpp"
#include "oci/record.hpp"
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
  CHECK(index.find("a/b", old) == oci::raw_sha256(oci::sha256("content")));
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

TEST_CASE("image.md 7.4: an index that is to be replaced is not believed", "[context]") {
  const test::TempDir dir;
  for (const char* path : {"wrong", "gone"}) {
    StatIndex index(dir / "index", at(100));
    index.learn(path, old, oci::sha256("x"));
    index.save();
  }
  StatIndex anew(dir / "index", at(100), StatIndex::Earlier::replaced);
  CHECK_FALSE(anew.find("wrong", old));
  anew.learn("wrong", old, oci::sha256("right"));
  anew.save();
  CHECK(StatIndex(dir / "index").find("wrong", old) == oci::raw_sha256(oci::sha256("right")));
  CHECK_FALSE(StatIndex(dir / "index").find("gone", old));
}

TEST_CASE("image.md 7.2: files are found in any order, old ones and new ones", "[context]") {
  const test::TempDir dir;
  const auto path = [](int number) {
    return std::string(static_cast<std::size_t>(number % 5), 'd') + std::to_string(number);
  };
  const auto digest = [](int number) { return oci::sha256(std::to_string(number)); };
  for (const int first : {0, 1}) {  // odd numbers go between the even ones of the first run
    StatIndex index(dir / "index", at(100));
    for (int number = first; number < 300; number += 2)
      index.learn(path(number), old, digest(number));
    index.save();
  }
  StatIndex index(dir / "index", at(100));
  index.learn(path(7), old, oci::sha256("new"));
  index.save();
  const StatIndex after(dir / "index");
  for (const int step : {1, 299, 7, 113}) {
    for (int i = 0, number = 0; i < 300; ++i, number = (number + step) % 300) {
      CHECK(after.find(path(number), old) ==
            oci::raw_sha256(number == 7 ? oci::sha256("new") : digest(number)));
      CHECK_FALSE(after.find(path(number) + "x", old));
    }
  }
}

TEST_CASE("image.md 7.2: threads ask several indexes at a time", "[context]") {
  const test::TempDir dir;
  const auto path = [](int number) { return "file " + std::to_string(1000 + number); };
  const auto digest = [](int number) { return oci::sha256(std::to_string(number)); };
  for (const int count : {100, 400}) {
    StatIndex index(dir / std::to_string(count), at(100));
    for (int number = 0; number < count; ++number) index.learn(path(number), old, digest(number));
    index.save();
  }
  const StatIndex small(dir / "100");
  StatIndex large(dir / "400", at(100));
  std::atomic<int> wrong = 0;
  const auto ask = [&](int begin, int end) {
    for (int number = begin; number < end; ++number) {
      const auto expected = oci::raw_sha256(digest(number));
      if (large.find(path(number), old) != expected) ++wrong;
      const auto found = small.find(path(number), old);
      if (number < 100 ? found != expected : found.has_value()) ++wrong;
      large.learn("more " + std::to_string(number), old, digest(number));
      if (large.find("more " + std::to_string(number), old) != expected) ++wrong;
    }
  };
  std::thread other(ask, 0, 250);
  ask(150, 400);
  other.join();
  CHECK(wrong == 0);
  large.save();
  const StatIndex after(dir / "400");
  CHECK(after.find("more 399", old) == oci::raw_sha256(digest(399)));
  CHECK(after.find(path(0), old) == oci::raw_sha256(digest(0)));
}

TEST_CASE("a well-signed index of nonsense knows nothing and never crashes", "[context]") {
  const test::TempDir dir;
  const std::string bytes = support::read_file(saved(dir), 10000);
  const std::size_t start = bytes.find('\n') + 1;
  const std::string magic = bytes.substr(0, start);
  const std::string fields = bytes.substr(start, bytes.size() - start - 32);
  const auto knows = [&](const std::string& text) {
    oci::RecordWriter writer(magic + text);
    support::write_unflushed(dir / "signed", writer.finish());
    StatIndex index(dir / "signed", at(200));
    const bool known = index.find("a/b", old) == oci::raw_sha256(oci::sha256("content"));
    index.learn("z", old, oci::sha256("z"));
    index.save();
    CHECK(StatIndex(dir / "signed").find("z", old));
    return known;
  };
  CHECK(knows(fields));
  CHECK_FALSE(knows(fields + "x"));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    CHECK_FALSE(knows(fields.substr(0, i)));
    std::string damaged = fields;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    knows(damaged);  // some bits are those of a time that is not looked at
  }
}

TEST_CASE("a damaged, cut or foreign index is an empty one", "[context]") {
  const test::TempDir dir;
  const std::string bytes = support::read_file(saved(dir), 10000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    support::write_unflushed(dir / "damaged", damaged);
    CHECK_FALSE(StatIndex(dir / "damaged").find("a/b", old));
    support::write_unflushed(dir / "cut", bytes.substr(0, i));
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
