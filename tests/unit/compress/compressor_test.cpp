// SPDX-License-Identifier: Apache-2.0
#include "compress/compressor.hpp"

#include <stdexcept>
#include <thread>

#include <ocibuild/error.hpp>

#include "compress/decompressor.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

using namespace ocibuild;
using compress::Codec;
using compress::Setting;
using support::concat;

namespace {

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

std::string compressed(std::string_view text, const Setting& setting, unsigned jobs = 1,
                       std::size_t piece = 100'000) {
  support::StringSink sink;
  compress::Compressor compressor(setting, sink, jobs);
  while (!text.empty()) {
    compressor.write(support::as_bytes(text.substr(0, piece)));
    text.remove_prefix(std::min(piece, text.size()));
  }
  compressor.finish();
  return sink.text;
}

std::string decompressed(std::string_view bytes) {
  support::MemorySource source(bytes);
  const auto plain = compress::decompress(source, "t");
  return support::read_all(*plain, 1 << 30, "t");
}

std::vector<Setting> settings() {
  std::vector<Setting> out = {Setting::make(Codec::gzip, {}), Setting::make(Codec::none, {})};
#if OCIBUILD_HAVE_ZSTD
  out.push_back(Setting::make(Codec::zstd, {}));
#endif
  return out;
}

class FullSink final : public support::ByteSink {
public:
  void write(support::Bytes) override { throw std::runtime_error("full"); }
};

class ThreadSink final : public support::ByteSink {
public:
  void write(support::Bytes) override { same = same && std::this_thread::get_id() == expected; }
  std::thread::id expected = std::this_thread::get_id();
  bool same = true;
};

}  // namespace

TEST_CASE("compressed bytes depend neither on threads nor on the size of the writes",
          "[compress]") {
  const std::string text = sample(6 * compress::chunk_size + 12345);
  for (const Setting& setting : settings()) {
    const std::string one = compressed(text, setting);
    for (const unsigned jobs : {2U, 4U, 7U}) CHECK((compressed(text, setting, jobs) == one));
    CHECK((compressed(text, setting, 3, 3'000'001) == one));
    CHECK((compressed(text, setting, 1, 4096) == one));
    CHECK((decompressed(one) == text));
  }
}

TEST_CASE("a chunk's bytes do not depend on its neighbours", "[compress]") {
  const std::string a = sample(compress::chunk_size, 1);
  const std::string b = sample(compress::chunk_size, 2);
  for (const Setting& setting : settings()) {
    CHECK((compressed(a + b, setting) == compressed(a, setting) + compressed(b, setting)));
  }
}

TEST_CASE("the gzip header carries neither name nor time nor system", "[compress]") {
  const Setting setting = Setting::make(Codec::gzip, {});
  const std::string expected("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  const std::string bytes = compressed(sample(compress::chunk_size + 1), setting);
  CHECK(bytes.substr(0, 10) == expected);
  CHECK(bytes.find(expected, 1) != std::string::npos);
}

TEST_CASE("nothing is one valid empty member", "[compress]") {
  for (const Setting& setting : settings()) {
    const std::string bytes = compressed("", setting, 4);
    CHECK(bytes.empty() == (setting.codec == Codec::none));
    CHECK(compress::sniff(support::as_bytes(bytes)) == setting.codec);
    CHECK(decompressed(bytes).empty());
  }
}

TEST_CASE("a full chunk at the end gets no empty member after it", "[compress]") {
  const Setting setting = Setting::make(Codec::gzip, {});
  const std::string text = sample(2 * compress::chunk_size);
  CHECK((compressed(text, setting) == compressed(text.substr(0, compress::chunk_size), setting) +
                                          compressed(text.substr(compress::chunk_size), setting)));
}

TEST_CASE("all gzip readers take the chunks as one stream", "[compress]") {
  const test::TempDir dir;
  const std::string text = sample(3 * compress::chunk_size + 77);
  const auto plain = dir.write("plain", text);
  const auto gz = dir.write("t.gz", compressed(text, Setting::make(Codec::gzip, {}), 2));
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

TEST_CASE("what the sink throws reaches the writer, and no thread is left", "[compress]") {
  const std::string text = sample(20 * compress::chunk_size);
  for (const unsigned jobs : {1U, 2U, 4U}) {
    FullSink sink;
    compress::Compressor compressor(Setting::make(Codec::gzip, 1), sink, jobs);
    CHECK_THROWS_WITH(compressor.write(support::as_bytes(text)), "full");
  }
}

TEST_CASE("a compressor that is not finished ends its threads", "[compress]") {
  support::StringSink sink;
  compress::Compressor compressor(Setting::make(Codec::gzip, 12), sink, 2);
  compressor.write(support::as_bytes(sample(4 * compress::chunk_size)));
}

TEST_CASE("only the calling thread writes", "[compress]") {
  ThreadSink sink;
  compress::Compressor compressor(Setting::make(Codec::gzip, 1), sink, 3);
  compressor.write(support::as_bytes(sample(9 * compress::chunk_size)));
  compressor.finish();
  CHECK(sink.same);
}

TEST_CASE("levels are checked and have a default", "[compress]") {
  CHECK(Setting::make(Codec::gzip, {}).level == 5);
  CHECK(Setting::make(Codec::gzip, 12).level == 12);
  CHECK_THROWS_WITH(Setting::make(Codec::gzip, 0),
                    "no compression level 0 for gzip, it has 1 to 12");
  CHECK_THROWS_WITH(Setting::make(Codec::none, 3), "a compression level of 3 without compression");
#if OCIBUILD_HAVE_ZSTD
  CHECK(Setting::make(Codec::zstd, {}).level == 3);
  CHECK_THROWS_WITH(Setting::make(Codec::zstd, 20),
                    "no compression level 20 for zstd, it has 1 to 19");
#else
  CHECK_THROWS_WITH(Setting::make(Codec::zstd, {}),
                    "this ocibuild was built without zstd, use gzip or none");
#endif
}

TEST_CASE("the key names all that the bytes depend on", "[compress]") {
  const std::string key = Setting::make(Codec::gzip, 4).key();
  CHECK(key.find("1/gzip/chunks-1048576/libdeflate-") == 0);
  CHECK(key.ends_with("/level-4"));
  CHECK(key == Setting::make(Codec::gzip, 4).key());
  CHECK(key != Setting::make(Codec::gzip, 5).key());
  CHECK(Setting::make(Codec::none, {}).key() == "1/none");
}
