// SPDX-License-Identifier: Apache-2.0
#include "layer/earlier_layers.hpp"

#include <algorithm>
#include <atomic>

#include "compress/decompressor.hpp"
#include "layer/content_digests.hpp"
#include "layer/layer_writer.hpp"
#include "oci/hasher.hpp"
#include "oci/pieces.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"
#include "support/tree_fixture.hpp"
#include "unit/layer/generated_content.hpp"

using namespace ocibuild;
using compress::Codec;
using compress::Setting;
using layer::LayerFile;

namespace {

std::atomic<int> opened = 0;
std::atomic<int> pieces_opened = 0;
std::atomic<int> hashed = 0;

/// Counts how often any file is opened, and read for its digest alone.
class Counted final : public oci::FileContent {
public:
  Counted(std::uint64_t size, std::uint32_t seed) : inner_(size, seed) {}
  std::unique_ptr<support::ByteSource> open() const override {
    ++opened;
    return inner_.open();
  }
  std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                  std::uint64_t size) const override {
    ++pieces_opened;
    return inner_.open_range(offset, size);
  }
  Digest digest() const override {
    ++hashed;
    return inner_.digest();
  }

private:
  test::GeneratedContent inner_;
};

LayerFile file(const std::string& path, std::uint64_t size, std::uint32_t seed) {
  return {.entry = test::file_entry(path, size), .content = std::make_shared<Counted>(size, seed)};
}

/// 200 files of 50 kB and one of 3.5 MB.
std::vector<LayerFile> sample() {
  std::vector<LayerFile> files;
  for (unsigned i = 0; i < 200; ++i)
    files.push_back(file(support::concat("d/", 1000 + i), 50'000, i));
  files.insert(files.begin() + 100, file("d/1099-large", 3'500'000, 7));
  return files;
}

/// A layer in a file.
struct Written {
  std::filesystem::path path;
  layer::WrittenLayer layer;
  int opened = 0;
  int pieces_opened = 0;
  int hashed = 0;

  std::string bytes() const { return support::read_file(path, 1 << 30); }
  layer::EarlierLayer earlier() const {
    return {layer.chunks, std::make_shared<support::Fd>(support::open_read(path))};
  }
};

class Layers {
public:
  explicit Layers(Codec codec = Codec::gzip)
      : options_{.setting = Setting::make(codec, 1), .setting_key = "k"} {}

  /// Whether contents are known before or learnt on the way.
  bool reads_first = true;

  Written write(const std::vector<LayerFile>& files,
                std::vector<layer::EarlierLayer> earlier = {}) {
    layer::ContentDigests contents(files);
    if (reads_first) contents.compute(1);
    support::TempFile out(dir_.path());
    opened = 0;
    pieces_opened = 0;
    hashed = 0;
    auto written = layer::write_layer(files, contents, options_,
                                      layer::EarlierLayers(std::move(earlier)), workers_, out);
    Written result;
    result.opened = opened;
    result.pieces_opened = pieces_opened;
    result.hashed = hashed;
    CHECK(contents.all_known());
    layer::ContentDigests read(files);
    read.compute(1);
    for (std::size_t i = 0; i < files.size(); ++i) CHECK(*contents.find(i) == *read.find(i));
    result.path = dir_ / support::concat("layer-", count_++);
    out.commit(result.path);
    result.layer = std::move(written);
    return result;
  }

private:
  test::TempDir dir_;
  layer::WriteOptions options_;
  layer::ChunkWorkers workers_{2};
  int count_ = 0;
};

void check_same(const Written& a, const Written& b) {
  CHECK(a.layer.digests.diff_id == b.layer.digests.diff_id);
  CHECK(a.layer.digests.digest == b.layer.digests.digest);
  CHECK(a.layer.digests.size == b.layer.digests.size);
  CHECK(a.layer.digests.unpacked == b.layer.digests.unpacked);
  CHECK((a.bytes() == b.bytes()));
  CHECK(a.layer.chunks.encode() == b.layer.chunks.encode());
  CHECK(oci::sha256(std::string_view(a.bytes())) == a.layer.digests.digest);
}

}  // namespace

TEST_CASE("image.md 7.3: a layer that takes chunks of another has the bytes of one that does not",
          "[layer]") {
  for (const Codec codec : {Codec::gzip, Codec::zstd}) {
    Layers layers(codec);
    const auto files = sample();
    const Written first = layers.write(files);
    CHECK(first.opened >= 200);
    CHECK(first.pieces_opened == 4);
    const auto check = [&](const std::vector<LayerFile>& changed, int most) {
      const Written fresh = layers.write(changed);
      const Written spliced = layers.write(changed, {first.earlier()});
      check_same(spliced, fresh);
      CHECK(spliced.opened <= most);
    };
    check(files, 0);
    for (const std::size_t at : {std::size_t{0}, std::size_t{130}, files.size() - 1}) {
      auto changed = files;
      changed[at] = file(changed[at].entry.path.str(), 50'000, 4711);
      check(changed, 90);
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(at));
      check(changed, 90);
    }
    auto changed = files;
    changed.insert(changed.begin() + 30, file("d/1029-new", 2'000'000, 9));
    check(changed, 90);
    changed.pop_back();
    check(changed, 90);
  }
}

TEST_CASE("image.md 7.3: of a large file that changed only the changed pieces are made",
          "[layer]") {
  /// Bytes of one seed, but for one piece.
  class Changed final : public oci::FileContent {
  public:
    Changed(std::uint64_t size, std::size_t piece) : same_(size, 7), other_(size, 8), at_(piece) {}
    std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                    std::uint64_t size) const override {
      ++pieces_opened;
      return (offset / oci::piece_size == at_ ? other_ : same_).open_range(offset, size);
    }
    std::unique_ptr<support::ByteSource> open() const override { throw std::logic_error("whole"); }
    Digest digest() const override { throw std::logic_error("whole"); }

  private:
    test::GeneratedContent same_, other_;
    std::size_t at_;
  };
  constexpr std::uint64_t size = (12 << 20) - 77;
  for (const Codec codec : {Codec::gzip, Codec::zstd}) {
    Layers layers(codec);
    std::vector<LayerFile> files{file("a", 10, 1), file("large", size, 7), file("z", 10, 1)};
    const Written first = layers.write(files);
    CHECK(first.pieces_opened == 12);
    for (const std::size_t piece : {std::size_t{0}, std::size_t{5}, std::size_t{11}}) {
      files[1].content = std::make_shared<Changed>(size, piece);
      const Written spliced = layers.write(files, {first.earlier()});
      CHECK(spliced.pieces_opened == 1);
      check_same(spliced, layers.write(files));
    }
    // Neither the file's name nor its other pieces have a say, but for the one with its header.
    files[1] = {.entry = test::file_entry("other", size),
                .content = std::make_shared<Changed>(size, 3)};
    const Written renamed = layers.write(files, {first.earlier()});
    CHECK(renamed.pieces_opened == 2);
    check_same(renamed, layers.write(files));
  }
}

TEST_CASE("image.md 7.3: pieces of a large file that is only known by its digest are found",
          "[layer]") {
  class Known final : public oci::FileContent {
  public:
    Known(std::uint64_t size, oci::RawSha256 digest) : inner_(size, 7), digest_(digest) {}
    std::unique_ptr<support::ByteSource> open() const override { return inner_.open(); }
    std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                    std::uint64_t size) const override {
      ++pieces_opened;
      return inner_.open_range(offset, size);
    }
    Digest digest() const override { return oci::to_digest(digest_); }
    std::optional<oci::RawSha256> known_digest() const override { return digest_; }

  private:
    test::GeneratedContent inner_;
    oci::RawSha256 digest_;
  };
  const oci::RawSha256 digest = oci::raw_sha256(oci::sha256(std::string_view("any")));
  Layers layers;
  auto files = sample();
  files[100].content = std::make_shared<Known>(3'500'000, digest);
  const Written first = layers.write(files);
  CHECK(first.pieces_opened == 4);
  files[0] = file("d/1000", 50'000, 4711);
  const Written spliced = layers.write(files, {first.earlier()});
  CHECK(spliced.pieces_opened == 0);
  check_same(spliced, layers.write(files));
}

TEST_CASE("image.md 7.3: chunks of several layers are found", "[layer]") {
  Layers layers;
  const auto files = sample();
  const std::vector<LayerFile> front(files.begin(), files.begin() + 100);
  const std::vector<LayerFile> back(files.begin() + 100, files.end());
  const Written a = layers.write(front);
  const Written b = layers.write(back);
  const Written both = layers.write(files, {b.earlier(), a.earlier()});
  CHECK(both.opened < 90);
  check_same(both, layers.write(files));
}

TEST_CASE("image.md 7.4: a damaged blob or list costs time and is no wrong result", "[layer]") {
  Layers layers;
  const auto files = sample();
  const Written first = layers.write(files);
  const Written fresh = layers.write(files);
  auto tail = files;
  tail.erase(tail.begin());
  const Written fresh_tail = layers.write(tail);

  std::string bytes = first.bytes();
  bytes[bytes.size() / 3] ^= 1;
  support::write_unflushed(first.path, bytes);
  // The front is copied as it is, so its sum tells; chunks behind it tell by themselves.
  CHECK_THROWS_AS(layers.write(files, {first.earlier()}), layer::EarlierLayerDamaged);
  const Written mended = layers.write(tail, {first.earlier()});
  check_same(mended, fresh_tail);
  CHECK(mended.opened > 0);

  support::write_unflushed(first.path, bytes.substr(0, bytes.size() / 2));
  CHECK_THROWS_AS(layers.write(files, {first.earlier()}), layer::EarlierLayerDamaged);
  check_same(layers.write(tail, {first.earlier()}), fresh_tail);
}

TEST_CASE("image.md 7.4: a file that is not what its digest says gives no chunk of another",
          "[layer]") {
  /// What a file system does whose stat does not tell a change.
  class Lying final : public oci::FileContent {
  public:
    Lying(std::uint64_t size, std::uint32_t says, std::uint32_t is)
        : says_(size, says), is_(size, is) {}
    std::unique_ptr<support::ByteSource> open() const override { return is_.open(); }
    bool is_plain() const override { return true; }
    Digest digest() const override { return says_.digest(); }

  private:
    test::GeneratedContent says_;
    test::GeneratedContent is_;
  };
  Layers layers;
  auto files = sample();
  for (LayerFile& file : files) file.content = std::make_shared<Lying>(file.entry.size, 1, 1);
  const Written first = layers.write(files);
  files.erase(files.begin());
  files[150].content = std::make_shared<Lying>(files[150].entry.size, 1, 2);
  const Written changed = layers.write(files, {first.earlier()});
  const std::string bytes = changed.bytes();
  support::MemorySource source{std::string_view(bytes)};
  const auto plain = compress::decompress(source, "t");
  const std::string tar = support::read_all(*plain, 1 << 30, "t");
  CHECK(oci::sha256(std::string_view(tar)) == changed.layer.digests.diff_id.digest());
}

TEST_CASE("image.md 7.4: a chunk list is read back, and nothing else is one", "[layer]") {
  Layers layers;
  const std::string bytes = layers.write(sample()).layer.chunks.encode();
  const auto list = layer::ChunkList::decode(bytes);
  REQUIRE(list);
  CHECK(list->encode() == bytes);
  CHECK(list->checkpoints.size() == list->chunks.size() / 8);
  for (std::size_t size = 0; size < bytes.size(); size += 97)
    CHECK_FALSE(layer::ChunkList::decode(std::string_view(bytes).substr(0, size)));
  CHECK_FALSE(layer::ChunkList::decode("ocibuild chunk list 2\n"));
}

TEST_CASE("image.md 7.1: contents that were not read before are learnt while they are written",
          "[layer]") {
  Layers layers;
  const Written first = layers.write(sample());
  layers.reads_first = false;
  const Written second = layers.write(sample());
  check_same(second, first);
  CHECK(second.opened == first.opened);
  CHECK(second.hashed == 0);

  // Small files cost their reading, whether or not an earlier layer has them.
  auto changed = sample();
  changed[130] = file(changed[130].entry.path.str(), 50'001, 4711);
  const Written spliced = layers.write(changed, {first.earlier()});
  CHECK(spliced.hashed == 0);
  CHECK(spliced.pieces_opened == 4);  // for their digests alone; all of them are there
  check_same(spliced, layers.write(changed));
}

TEST_CASE("content digests are computed once, in order, and errors are those of the first file",
          "[layer]") {
  std::vector<LayerFile> files = sample();
  files.push_back({.entry = test::dir_entry("e")});
  files.push_back({.entry = test::file_entry("f", 0)});
  layer::ContentDigests one(files);
  CHECK_FALSE(one.all_known());
  CHECK_FALSE(one.is_known(3));
  CHECK(one.is_known(201));
  one.compute(1);
  CHECK(one.all_known());
  layer::ContentDigests four(files);
  four.compute(4);
  CHECK(one.large() == std::vector<std::size_t>{100});
  CHECK(one.pieces(100).size() == 4);
  CHECK(std::ranges::equal(one.pieces(100), four.pieces(100)));
  CHECK(oci::to_digest(*one.find(100)) == oci::content_digest(*files[100].content->open()));
  for (std::size_t i = 0; i < 201; ++i) REQUIRE(*one.find(i) == *four.find(i));
  CHECK(oci::to_digest(*one.find(3)) == files[3].content->digest());
  CHECK(one.find(201) == nullptr);
  CHECK(one.find(202) == nullptr);

  class Unreadable final : public oci::FileContent {
  public:
    explicit Unreadable(std::string why) : why_(std::move(why)) {}
    std::unique_ptr<support::ByteSource> open() const override { throw std::runtime_error(why_); }
    Digest digest() const override { throw std::runtime_error(why_); }
    std::string why_;
  };
  files[180].content = std::make_shared<Unreadable>("later");
  files[20].content = std::make_shared<Unreadable>("sooner");
  for (const unsigned jobs : {1U, 3U})
    CHECK_THROWS_WITH(layer::ContentDigests(files).compute(jobs), "sooner");
}
