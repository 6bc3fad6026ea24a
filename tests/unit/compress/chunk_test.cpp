// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <ocibuild/error.hpp>

#include "compress/chunk_decoder.hpp"
#include "compress/chunk_encoder.hpp"
#include "compress/decompressor.hpp"
#include "support/catch.hpp"
#include "support/packed.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

using namespace ocibuild;
using compress::Codec;
using compress::Setting;
using support::concat;

namespace {

constexpr std::size_t chunk_size = 1 << 20;  // of test::packed()

/// Text that compresses somewhat, another one for each seed.
std::string sample(std::size_t size, unsigned seed = 1) {
  std::string text;
  std::uint32_t state = seed;
  while (text.size() < size) {
    state = state * 1664525 + 1013904223;
    text += concat("line ", state >> 12, " of ", state >> 24, '\n');
  }
  text.resize(size);
  return text;
}

std::string decompressed(std::string_view bytes) {
  support::MemorySource source(bytes);
  const auto plain = compress::decompress(source, "t");
  return support::read_all(*plain, 1 << 30, "t");
}

std::vector<Setting> settings() {
  std::vector<Setting> out = {Setting::make(Codec::gzip, {})};
#if OCIBUILD_HAVE_ZSTD
  out.push_back(Setting::make(Codec::zstd, {}));
#endif
  return out;
}

}  // namespace

TEST_CASE("image.md 3.8: the parts of a gzip chunk that have nothing to compress are stored",
          "[compress]") {
  compress::ChunkEncoder encoder(Setting::make(Codec::gzip, {}));
  const auto encode = [&](const std::string& chunk) {
    std::vector<std::byte> out;
    encoder.encode(support::as_bytes(chunk), out);
    const std::string_view bytes(reinterpret_cast<const char*>(out.data()), out.size());
    CHECK(decompressed(bytes) == chunk);
    std::string back(chunk.size(), ' ');
    CHECK(compress::ChunkDecoder().decode(out, std::as_writable_bytes(std::span(back))));
    CHECK(back == chunk);
    return std::string(bytes);
  };
  std::mt19937 random(1);
  std::string dense(chunk_size, ' ');
  for (char& byte : dense) byte = static_cast<char>(random() & 0xff);
  const auto is_stored = [](std::string_view packed, std::string_view part) {
    return packed.find(part.substr(0, 32768)) != std::string::npos;  // less than a block
  };
  const std::string text = sample(chunk_size / 2);
  const auto all = encode(dense);
  CHECK(is_stored(all, dense));
  CHECK(all.size() < dense.size() + dense.size() / 1000);
  const auto both = encode(text + dense + text);
  CHECK(is_stored(both, dense));
  CHECK(both.size() < encode(text).size() * 2 + all.size() + 1000);
  CHECK_FALSE(is_stored(encode(text), text));
  // Evenly spread, but half of it is there twice.
  std::string repeated = dense;
  for (std::size_t at = 8192; at + 4096 <= repeated.size(); at += 8192)
    repeated.replace(at, 4096, repeated, at - 4096, 4096);
  CHECK(encode(repeated).size() < repeated.size() * 3 / 4);
}

TEST_CASE("image.md 3.2: a chunk's bytes do not depend on the chunks before", "[compress]") {
  const std::string a = sample(100'000, 1);
  const std::string b = sample(300'000, 2);
  for (const Setting& setting : settings()) {
    compress::ChunkEncoder encoder(setting);
    std::vector<std::byte> alone;
    std::vector<std::byte> after;
    encoder.encode(support::as_bytes(b), alone);
    encoder.encode(support::as_bytes(a), after);
    encoder.encode(support::as_bytes(b), after);
    CHECK(after == alone);
  }
}

TEST_CASE("image.md 7.3: a chunk is taken back whole and undamaged, or not at all", "[compress]") {
  const std::string text = sample(300'000);
  std::vector<std::byte> plain(text.size());
  compress::ChunkDecoder decoder;
  for (const Setting& setting : settings()) {
    std::vector<std::byte> packed;
    compress::ChunkEncoder(setting).encode(support::as_bytes(text), packed);
    REQUIRE(decoder.decode(packed, plain));
    CHECK(support::as_text(plain) == text);
    CHECK_FALSE(decoder.decode(support::Bytes(packed).first(packed.size() - 1), plain));
    CHECK_FALSE(decoder.decode(packed, std::span(plain).first(plain.size() - 1)));
    for (const std::size_t at : {packed.size() / 2, packed.size() - 6}) {
      auto damaged = packed;
      damaged[at] ^= std::byte{1};
      CHECK_FALSE(decoder.decode(damaged, plain));
    }
    auto longer = packed;
    longer.push_back(std::byte{0});
    CHECK_FALSE(decoder.decode(longer, plain));
  }
}

TEST_CASE("the gzip header carries neither name nor time nor system", "[compress]") {
  const Setting setting = Setting::make(Codec::gzip, {});
  const std::string expected("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  const std::string bytes = test::packed(sample(chunk_size + 1), setting);
  CHECK(bytes.substr(0, 10) == expected);
  CHECK(bytes.find(expected, 1) != std::string::npos);
}

TEST_CASE("nothing is one valid empty member", "[compress]") {
  for (const Setting& setting : settings()) {
    const std::string bytes = test::packed("", setting);
    CHECK(compress::sniff(support::as_bytes(bytes)) == setting.codec);
    CHECK(decompressed(bytes).empty());
  }
}

TEST_CASE("all gzip readers take the chunks as one stream", "[compress]") {
  const test::TempDir dir;
  const std::string text = sample(3 * chunk_size + 77);
  const auto plain = dir.write("plain", text);
  const auto gz = dir.write("t.gz", test::packed(text));
  const auto same = [&](const std::string& command) {
    return test::shell(concat(command, " ", gz.string(), " | cmp - ", plain.string(), " 2>&1"));
  };
  CHECK(same("gzip -dc").output.empty());
  CHECK(same("python3 -c 'import gzip, shutil, sys;"
             " shutil.copyfileobj(gzip.open(sys.argv[1]), sys.stdout.buffer)'")
            .output.empty());
  for (const std::string program : {"busybox gunzip -c", "bsdcat", "pigz -dc"}) {
    if (test::has_program(program.substr(0, program.find(' ')))) {
      CHECK(same(program).output.empty());
    } else {
      WARN(program << " is not installed: not tested");
    }
  }
}

TEST_CASE("levels are checked and have a default", "[compress]") {
  CHECK(Setting::make(Codec::gzip, {}).level == Setting::by_content);
  CHECK(Setting::make(Codec::gzip, 12).level == 12);
  CHECK_THROWS_WITH(Setting::make(Codec::gzip, 0),
                    "no compression level 0 for gzip, it has 1 to 12");
  CHECK_THROWS_WITH(Setting::make(Codec::none, 3), "a compression level of 3 without compression");
  try {
    Setting::make(Codec::gzip, 13);
    FAIL("level 13 is taken");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::usage);
    CHECK(error.diagnostic().id == "compression-level");
  }
#if OCIBUILD_HAVE_ZSTD
  CHECK(Setting::make(Codec::zstd, {}).level == 3);
  CHECK_THROWS_WITH(Setting::make(Codec::zstd, 20),
                    "no compression level 20 for zstd, it has 1 to 19");
#else
  CHECK_THROWS_WITH(Setting::make(Codec::zstd, {}),
                    "this ocibuild was built without zstd, use gzip or none");
#endif
}

TEST_CASE("image.md 3.4: where no level is chosen, text has another one than anything else",
          "[compress]") {
  using compress::gzip_level;
  const std::string text = sample(300'000);
  std::string code = text;
  for (std::size_t i = 0; i < code.size(); i += 6) code[i] = static_cast<char>(0x80 | (i & 0x7f));
  const auto packed = [](const std::string& chunk, std::optional<int> level) {
    std::vector<std::byte> out;
    compress::ChunkEncoder(Setting::make(Codec::gzip, level)).encode(support::as_bytes(chunk), out);
    return out;
  };
  const auto level_of = [](std::string_view chunk) { return gzip_level(support::as_bytes(chunk)); };
  CHECK(level_of(text) == 6);
  CHECK(level_of(code) == 5);
  REQUIRE(packed(text, 5) != packed(text, 6));
  REQUIRE(packed(code, 5) != packed(code, 6));
  CHECK(packed(text, {}) == packed(text, 6));
  CHECK(packed(code, {}) == packed(code, 5));
  CHECK(packed(text, 5) != packed(text, {}));
  // Beside what is stored, text is text still.
  std::mt19937 random(1);
  std::string dense(chunk_size, ' ');
  for (char& byte : dense) byte = static_cast<char>(random() & 0xff);
  CHECK(packed(dense + text, {}) == packed(dense + text, 6));
  // Zeros are in headers and behind files: they say nothing.
  std::string padded = text;
  for (std::size_t i = 0; i < padded.size(); i += 1024) padded.replace(i, 512, 512, '\0');
  CHECK(level_of(padded) == 6);
  CHECK(level_of("") == 5);
  CHECK(level_of(std::string(5000, '\0')) == 5);
  // Under one byte in eight.
  const std::string letters(70, 'a');
  CHECK(level_of(letters + std::string(9, '\x01')) == 6);
  CHECK(level_of(letters + std::string(10, '\x7f')) == 5);
  CHECK(level_of(std::string(7, '\xc3') + "\t\r\n" + std::string(50, '~')) == 6);
  // Every sixteenth 4 KiB is looked at.
  std::string seldom(200'000, 'a');
  seldom.replace(4096, 15UL * 4096, 15UL * 4096, '\xff');
  CHECK(level_of(seldom) == 6);
  seldom.replace(16UL * 4096, 4096, 4096, '\xff');
  CHECK(level_of(seldom) == 5);
}

TEST_CASE("the key names all that the bytes depend on", "[compress]") {
  const std::string key = Setting::make(Codec::gzip, 4).key();
  CHECK(key.find("gzip/libdeflate-") == 0);
  CHECK(key.ends_with("/level-4"));
  CHECK(key == Setting::make(Codec::gzip, 4).key());
  CHECK(key != Setting::make(Codec::gzip, 5).key());
  const std::string usual = Setting::make(Codec::gzip, {}).key();
  CHECK(usual.ends_with("/level-5-text-6"));
  CHECK(Setting::make(Codec::none, {}).key() == "none");
}
