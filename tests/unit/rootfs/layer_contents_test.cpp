// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_contents.hpp"

#include <iterator>
#include <thread>
#include <vector>

#include <ocibuild/error.hpp>

#include "sample_layer.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using rootfs::LayerContents;

namespace {

std::string read(const LayerContents& contents, std::uint64_t offset, std::uint64_t size) {
  const auto source = contents.open(offset, size);
  return support::read_all(*source, 1 << 20, "content");
}

std::size_t files_in(const TempDir& dir) {
  using Iterator = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(Iterator(dir.path()), Iterator()));
}

}  // namespace

TEST_CASE("ranges of a plain blob are read where they stand", "[rootfs]") {
  const TempDir dir;
  const auto contents =
      std::make_shared<LayerContents>(dir.write("blob", "0123456789"), dir / "none");
  CHECK(read(*contents, 3, 4) == "3456");
  CHECK(read(*contents, 0, 1) == "0");
  CHECK(read(*contents, 10, 0).empty());
  CHECK_FALSE(std::filesystem::exists(dir / "none"));
}

TEST_CASE("a compressed blob is uncompressed once, into a file without a name", "[rootfs]") {
  const TempDir dir;
  const TempDir scratch;
  const auto blob = dir.write("blob", gzip("0123456789"));
  const auto contents = std::make_shared<LayerContents>(blob, scratch.path());
  CHECK(read(*contents, 3, 4) == "3456");
  std::filesystem::remove(blob);
  CHECK(read(*contents, 0, 10) == "0123456789");
  CHECK(files_in(scratch) == 0);
}

TEST_CASE("a source outlives the owner it came from", "[rootfs]") {
  const TempDir dir;
  auto contents = std::make_shared<LayerContents>(dir.write("blob", "0123456789"), dir.path());
  const auto source = contents->open(2, 3);
  contents.reset();
  CHECK(support::read_all(*source, 100, "content") == "234");
}

TEST_CASE("threads read ranges at the same time", "[rootfs]") {
  const TempDir dir;
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ' ';
  const auto contents = std::make_shared<LayerContents>(dir.write("blob", gzip(text)), dir.path());
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] { results[i] = read(*contents, i * 1000, 50'000); });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < results.size(); ++i)
    CHECK(results[i] == text.substr(i * 1000, 50'000));
}

TEST_CASE("a blob that lacks bytes of a file is an error", "[rootfs]") {
  const TempDir dir;
  const auto contents = std::make_shared<LayerContents>(dir.write("blob", "0123"), dir.path());
  try {
    read(*contents, 2, 5);
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "blob-corrupt");
    CHECK(error.diagnostic().message == "the layer \"" + (dir / "blob").string() +
                                            "\" lacks 3 bytes of a file that its index names");
  }
}

TEST_CASE("a missing blob is an error each time, and no longer once it is there", "[rootfs]") {
  const TempDir dir;
  const auto contents = std::make_shared<LayerContents>(dir / "blob", dir.path());
  CHECK_THROWS_AS(read(*contents, 0, 1), Error);
  CHECK_THROWS_AS(read(*contents, 0, 1), Error);
  dir.write("blob", "x");
  CHECK(read(*contents, 0, 1) == "x");
}
