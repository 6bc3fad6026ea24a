// SPDX-License-Identifier: Apache-2.0
#include "compress/codec.hpp"

#include <algorithm>

#include <libdeflate.h>

#if OCIBUILD_HAVE_ZSTD
#include <zstd.h>
#endif

#include <ocibuild/error.hpp>

#include "compress/chunk_encoder.hpp"
#include "support/text.hpp"

namespace ocibuild::compress {

using support::concat;

namespace {

struct Levels {
  std::string_view codec;
  int lowest;
  int highest;
  int usual;
};

// docs/reference/image.md, 3.4: the numbers behind the choices
constexpr Levels gzip_levels{"gzip", 1, 12, Setting::by_content};
constexpr Levels zstd_levels{"zstd", 1, 19, 3};

int checked(const Levels& levels, std::optional<int> level) {
  if (level && (*level < levels.lowest || *level > levels.highest)) {
    throw Error(Errc::usage, "compression-level",
                concat("no compression level ", *level, " for ", levels.codec, ", it has ",
                       levels.lowest, " to ", levels.highest));
  }
  return level.value_or(levels.usual);
}

/// What a text, and what is none, compress to. libdeflate tells its version only to the compiler,
/// and a distribution may replace the shared library; the fingerprint notices.
std::string fingerprint(const Setting& setting) {
  std::string sample;
  std::uint32_t state = 1;
  while (sample.size() < std::size_t{32} * 1024) {
    state = state * 1664525 + 1013904223;
    sample += concat("usr/share/", (state >> 8) % 1000, '/', state >> 28, '\n');
  }
  ChunkEncoder encoder(setting);
  std::vector<std::byte> out;
  encoder.encode(support::as_bytes(sample), out);
  const std::uint32_t text = crc32(out);
  for (char& letter : sample) letter = static_cast<char>(letter ^ 0x80);
  encoder.encode(support::as_bytes(sample), out);
  return concat(text, '-', crc32(out));
}

std::string library(const Setting& setting) {
#if OCIBUILD_HAVE_ZSTD
  if (setting.codec == Codec::zstd) return concat("zstd-", ZSTD_versionString());
#endif
  return concat("libdeflate-" LIBDEFLATE_VERSION_STRING "-", fingerprint(setting), "-dense-1");
}

}  // namespace

std::uint32_t crc32(support::Bytes bytes) {
  return ::libdeflate_crc32(0, bytes.data(), bytes.size());
}

Codec sniff(support::Bytes start) {
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(start[i]); };
  if (start.size() >= 2 && byte(0) == 0x1f && byte(1) == 0x8b) return Codec::gzip;
  if (start.size() < 4) return Codec::none;
  const unsigned magic = byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
  constexpr unsigned frame = 0xFD2FB528;      // RFC 8878, 3.1.1
  constexpr unsigned skippable = 0x184D2A50;  // 3.1.2, the last four bits are free
  return magic == frame || (magic & ~0xFU) == skippable ? Codec::zstd : Codec::none;
}

Setting Setting::make(Codec codec, std::optional<int> level) {
  switch (codec) {
    case Codec::gzip:
      return {.codec = codec, .level = checked(gzip_levels, level)};
    case Codec::zstd:
      if (!OCIBUILD_HAVE_ZSTD) {
        throw Error(Errc::usage, "compression-unavailable",
                    "this ocibuild was built without zstd, use gzip or none");
      }
      return {.codec = codec, .level = checked(zstd_levels, level)};
    case Codec::none:
      break;
  }
  if (level) {
    throw Error(Errc::usage, "compression-level",
                concat("a compression level of ", *level, " without compression"));
  }
  return {.codec = Codec::none, .level = 0};
}

std::string Setting::key() const {
  if (codec == Codec::none) return "none";
  const bool is_gzip = codec == Codec::gzip;
  const std::string chosen = is_gzip && level == by_content ? "5-text-6" : std::to_string(level);
  return concat(is_gzip ? "gzip/" : "zstd/", library(*this), "/level-", chosen);
}

int gzip_level(support::Bytes bytes) {
  constexpr std::size_t part = 4096, one_in = 16;
  std::size_t text = 0;
  std::size_t other = 0;
  for (std::size_t at = 0; at < bytes.size(); at += one_in * part) {
    for (const std::byte byte : bytes.subspan(at, std::min(part, bytes.size() - at))) {
      const auto value = std::to_integer<unsigned>(byte);
      if ((value >= ' ' && value < 0x7f) || value == '\n' || value == '\t' || value == '\r') {
        ++text;
      } else if (value != 0) {  // zeros: tar's padding and headers have them, too
        ++other;
      }
    }
  }
  return other * 8 < text + other ? 6 : 5;
}

}  // namespace ocibuild::compress
