// SPDX-License-Identifier: Apache-2.0
#include "layer/recompress.hpp"

#include <stop_token>

#include <ocibuild/error.hpp>

#include "compress/decompressor.hpp"
#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/packed.hpp"
#include "unit/layer/generated_content.hpp"

using namespace ocibuild;
using compress::Codec;
using compress::Setting;
using layer::LayerDigests;

namespace {

std::vector<Setting> settings() {
  std::vector<Setting> out = {Setting::make(Codec::gzip, 7), Setting::make(Codec::none, {})};
#if OCIBUILD_HAVE_ZSTD
  out.push_back(Setting::make(Codec::zstd, {}));
#endif
  return out;
}

/// What is no tar is cut like one: nobody looks into it.
std::string content(std::uint64_t size) {
  return support::read_all(*test::GeneratedContent(size).open(), 1 << 30, "content");
}

LayerDigests recompress(support::ByteSource& tar, const Setting& setting, unsigned jobs,
                        support::ByteSink& out, const std::stop_token& stop = {}) {
  layer::ChunkWorkers workers(jobs);
  return layer::recompress(tar, setting, workers, out, stop);
}

/// Gives a few bytes at a time, as decompressors do.
class Trickle final : public support::ByteSource {
public:
  explicit Trickle(std::string_view text) : inner_(text) {}
  std::size_t read(std::span<std::byte> buffer) override {
    return inner_.read(buffer.first(std::min<std::size_t>(buffer.size(), 4099)));
  }

private:
  support::MemorySource inner_;
};

}  // namespace

TEST_CASE("image.md 3.9: a tar in another compression is the same for any number of threads",
          "[layer]") {
  for (const std::uint64_t size : {0UL, 1024UL, 1UL << 20, (7UL << 20) + 512}) {
    const std::string tar = content(size);
    for (const Setting& setting : settings()) {
      for (const unsigned jobs : {1U, 4U}) {
        CAPTURE(size, setting.key(), jobs);
        Trickle source(tar);
        support::StringSink out;
        const LayerDigests made = recompress(source, setting, jobs, out);
        CHECK((out.text == test::packed(tar, setting)));
        CHECK(made.diff_id == DiffId(oci::sha256(std::string_view(tar))));
        CHECK(made.digest == oci::sha256(std::string_view(out.text)));
        CHECK(made.size == out.text.size());
        CHECK(made.unpacked == size);
      }
    }
  }
}

TEST_CASE("image.md 3.9: what cannot be read or written ends a change of compression", "[layer]") {
  struct Broken final : support::ByteSource {
    std::size_t left = 5 << 20;
    std::size_t read(std::span<std::byte> buffer) override {
      if (left == 0) throw Error(Errc::failed, "blob-corrupt", "no more");
      const std::size_t count = std::min(left, buffer.size());
      left -= count;
      return count;
    }
  } broken;
  support::StringSink out;
  CHECK_THROWS_AS(recompress(broken, Setting::make(Codec::gzip, {}), 3, out), Error);
  struct Full final : support::ByteSink {
    void write(support::Bytes) override { throw Error(Errc::failed, "disk-full", "full"); }
  } full;
  const std::string tar = content(6 << 20);
  support::MemorySource source{std::string_view(tar)};
  CHECK_THROWS_AS(recompress(source, Setting::make(Codec::gzip, {}), 3, full), Error);
  std::stop_source stopped;
  stopped.request_stop();
  support::MemorySource again{std::string_view(tar)};
  CHECK_THROWS_AS(recompress(again, Setting::make(Codec::none, {}), 1, out, stopped.get_token()),
                  Error);
}
