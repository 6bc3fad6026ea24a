// SPDX-License-Identifier: Apache-2.0
#include "layer/chunk_plan.hpp"

#include <algorithm>
#include <set>

#include "support/catch.hpp"
#include "support/text.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using layer::Chunk;
using layer::LayerFile;
using layer::plan_chunks;

namespace {

LayerFile file(const std::string& path, std::uint64_t size) {
  return {.entry = test::file_entry(path, size)};
}

/// Some thousand files of 0 to 20 kB.
std::vector<LayerFile> many_files() {
  std::vector<LayerFile> files;
  for (unsigned i = 0; i < 4000; ++i)
    files.push_back(file(support::concat("d/", 10000 + i), i * 7919 % 20'000));
  return files;
}

/// Chunks by what is in them.
std::multiset<std::string> contents(const std::vector<LayerFile>& files) {
  std::multiset<std::string> out;
  for (const Chunk& chunk : plan_chunks(files)) {
    std::string text = support::concat(chunk.offset, '+', chunk.length);
    for (std::size_t i = chunk.first; i < chunk.last; ++i)
      text += support::concat(' ', files[i].entry.path.str(), ':', files[i].entry.size);
    out.insert(text);
  }
  return out;
}

std::size_t lost(const std::vector<LayerFile>& before, const std::vector<LayerFile>& after) {
  const auto old = contents(before);
  const auto now = contents(after);
  std::vector<std::string> gone;
  std::set_difference(old.begin(), old.end(), now.begin(), now.end(), std::back_inserter(gone));
  return gone.size();
}

}  // namespace

TEST_CASE("image.md 3.2: chunks follow one another and hold every byte once", "[layer]") {
  auto files = many_files();
  files.insert(files.begin() + 1000, file("d/10999-large", 3'500'000));
  std::size_t next = 0;
  std::uint64_t offset = 0;
  const auto plan = plan_chunks(files);
  for (const Chunk& chunk : plan) {
    REQUIRE(chunk.first == next);
    REQUIRE(chunk.last > chunk.first);
    if (chunk.is_piece) {
      CHECK(chunk.last == chunk.first + 1);
      CHECK(chunk.offset == offset);
      CHECK(chunk.length <= 1 << 20);
      offset += chunk.length;
      if (offset < files[next].entry.size) continue;
      CHECK(offset == files[next].entry.size);
      offset = 0;
    }
    next = chunk.last;
    CHECK(chunk.ends_layer == (next == files.size()));
  }
  CHECK(next == files.size());
}

TEST_CASE("image.md 3.2: chunks of small files are about 1 MiB and never over 2", "[layer]") {
  const auto files = many_files();
  const auto plan = plan_chunks(files);
  std::uint64_t total = 0;
  for (const Chunk& chunk : plan) {
    std::uint64_t size = 0;
    for (std::size_t i = chunk.first; i < chunk.last; ++i)
      size += 512 + (files[i].entry.size + 511) / 512 * 512;
    CHECK(size <= 2 << 20);
    total += size;
  }
  const double mean = static_cast<double>(total) / static_cast<double>(plan.size());
  CHECK(mean > 600 * 1024);
  CHECK(mean < 1400 * 1024);
}

TEST_CASE("image.md 3.2: a change moves no cut but those beside it", "[layer]") {
  const auto files = many_files();
  REQUIRE(plan_chunks(files).size() > 20);
  auto other = files;
  other[2000].entry.size += 1;
  CHECK(lost(files, other) <= 2);
  other = files;
  other[2000].entry.size += 900'000;
  CHECK(lost(files, other) <= 4);
  other = files;
  other.erase(other.begin() + 2000);
  CHECK(lost(files, other) <= 4);
  other = files;
  other.insert(other.begin() + 2000, file("d/11999-new", 5000));
  CHECK(lost(files, other) <= 4);
  other.insert(other.begin() + 2000, file("d/11999-large", 5'000'000));
  CHECK(lost(files, other) <= 4);
}

TEST_CASE("image.md 3.2: a layer without files is one chunk", "[layer]") {
  const auto plan = plan_chunks({});
  REQUIRE(plan.size() == 1);
  CHECK(plan[0].ends_layer);
  CHECK(plan[0].first == plan[0].last);
}
