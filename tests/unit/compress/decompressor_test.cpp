// SPDX-License-Identifier: Apache-2.0
#include "compress/decompressor.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/packed.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

using namespace ocibuild;
using compress::Codec;
using compress::Setting;
using support::concat;

namespace {

/// Gives one byte at a time.
class DripSource final : public support::ByteSource {
public:
  explicit DripSource(std::string_view bytes) : inner_(bytes) {}
  std::size_t read(std::span<std::byte> buffer) override { return inner_.read(buffer.first(1)); }

private:
  support::MemorySource inner_;
};

std::string plain_of(std::string_view bytes) {
  support::MemorySource source(bytes);
  const auto plain = compress::decompress(source, "layer 2");
  return support::read_all(*plain, 1 << 30, "t");
}

std::string error_of(std::string_view bytes) {
  try {
    plain_of(bytes);
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "blob-corrupt");
    return error.what();
  }
  return "";
}

std::string made_by(const std::string& command, std::string_view text) {
  const test::TempDir dir;
  const auto in = dir.write("in", text);
  return test::shell(concat(command, " < ", in.string())).output;
}

/// As long as the buffers, so that their edges are met.
std::string zeros() {
  return std::string(5'000'000, '\0');
}

}  // namespace

TEST_CASE("the first bytes tell the compression", "[compress]") {
  const auto sniff = [](std::string_view start) {
    return compress::sniff(support::as_bytes(start));
  };
  CHECK(sniff("\x1f\x8b\x08") == Codec::gzip);
  CHECK(sniff("\x28\xb5\x2f\xfd") == Codec::zstd);
  CHECK(sniff("\x5e\x2a\x4d\x18") == Codec::zstd);  // a skippable frame may come first
  CHECK(sniff("\x28\xb5\x2f") == Codec::none);
  CHECK(sniff("\x1f") == Codec::none);
  CHECK(sniff("") == Codec::none);
  CHECK(sniff("plain tar") == Codec::none);
}

TEST_CASE("any number of gzip members is one stream", "[compress]") {
  const std::string one = made_by("gzip -c", "one ");
  CHECK(plain_of(one + made_by("gzip -9nc", "two ") + test::packed("three", Codec::gzip)) ==
        "one two three");
  CHECK(plain_of(one + made_by("gzip -c", "") + one) == "one one ");
  CHECK((plain_of(made_by("gzip -1c", zeros())) == zeros()));
  DripSource drip(one);
  const auto plain = compress::decompress(drip, "t");
  CHECK(support::read_all(*plain, 100, "t") == "one ");
}

TEST_CASE("zero padding after gzip is tolerated, anything else is not", "[compress]") {
  const std::string good = test::packed("text", Codec::gzip);
  CHECK(plain_of(good + std::string(700'000, '\0')) == "text");
  CHECK(error_of(good + std::string(10, '\0') + "x") ==
        concat("layer 2 is corrupt: something else follows the gzip data at byte ",
               good.size() + 10));
  CHECK(error_of(good + "\x1f and more").find("layer 2 is corrupt: incorrect header check") == 0);
}

TEST_CASE("damaged and truncated gzip is an error with its place", "[compress]") {
  const std::string text(100'000, 't');
  const std::string good = test::packed(text, Codec::gzip);
  CHECK(error_of(good.substr(0, good.size() - 1)) ==
        concat("layer 2 is corrupt: the gzip data is cut off at byte ", good.size() - 1));
  CHECK(error_of(good.substr(0, 2)) == "layer 2 is corrupt: the gzip data is cut off at byte 2");
  std::string wrong_sum = good;
  wrong_sum[good.size() - 6] = static_cast<char>(wrong_sum[good.size() - 6] ^ 1);
  CHECK(error_of(wrong_sum).find("layer 2 is corrupt: incorrect data check at byte ") == 0);
}

TEST_CASE("bytes without compression pass as they are", "[compress]") {
  CHECK(plain_of("").empty());
  CHECK(plain_of("x") == "x");
  CHECK((plain_of(zeros()) == zeros()));
}

#if OCIBUILD_HAVE_ZSTD

TEST_CASE("any number of zstd frames is one stream, skippable ones are skipped", "[compress]") {
  const std::string skippable("\x53\x2a\x4d\x18\3\0\0\0abc", 11);
  const std::string one = test::packed("one ", Codec::zstd);
  CHECK(plain_of(skippable + one + skippable + one + skippable) == "one one ");
  CHECK((plain_of(test::packed(zeros(), Codec::zstd)) == zeros()));
  DripSource drip(one);
  const auto plain = compress::decompress(drip, "t");
  CHECK(support::read_all(*plain, 100, "t") == "one ");
}

TEST_CASE("damaged and truncated zstd is an error with its place", "[compress]") {
  const std::string good = test::packed(std::string(100'000, 't'), Codec::zstd);
  CHECK(error_of(good.substr(0, good.size() - 1)) ==
        concat("layer 2 is corrupt: the zstd data is cut off at byte ", good.size() - 1));
  std::string wrong_sum = good;
  wrong_sum.back() = static_cast<char>(wrong_sum.back() ^ 1);
  CHECK(error_of(wrong_sum).find("layer 2 is corrupt: Restored data doesn't match checksum") == 0);
  CHECK(error_of(good + "garbage").find("layer 2 is corrupt: Unknown frame descriptor") == 0);
}

TEST_CASE("the zstd program reads what is written and is read", "[compress]") {
  if (!test::has_program("zstd")) {
    WARN("zstd is not installed: not tested");
    return;
  }
  const std::string frames = test::packed("one ", Codec::zstd) + test::packed("two", Codec::zstd);
  CHECK(made_by("zstd -dc", frames) == "one two");
  CHECK((plain_of(made_by("zstd -qc", zeros())) == zeros()));
}

#endif
