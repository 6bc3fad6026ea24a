// SPDX-License-Identifier: Apache-2.0
#include "commands/compression_option.hpp"

#include "terminal_text.hpp"

namespace ocibuild::program {

Compression compression_named(const std::string& name) {
  if (name == "gzip") return Compression::gzip;
  if (name == "zstd") return Compression::zstd;
  if (name == "uncompressed") return Compression::none;
  usage_error("compression is gzip, zstd or uncompressed, not '" + terminal_text(name, 200) + '\'');
}

int compression_level(const std::string& text, Compression compression) {
  if (compression == Compression::none)
    usage_error("there is no compression-level without compression");
  const bool gzip = compression == Compression::gzip;
  return static_cast<int>(parse_count(
      text, std::string("compression-level of ") + (gzip ? "gzip" : "zstd"), 1, gzip ? 12 : 19));
}

std::optional<SentCompression> sent_compression(const ParsedFlags& flags) {
  const auto name = flags.text("compression");
  const auto level = flags.text("compression-level");
  const bool all = flags.on("force-compression");
  if (!name) {
    for (const char* other : {"compression-level", "force-compression"}) {
      if (flags.has(other)) usage_error(flags.origin(other) + " needs --compression");
    }
    return std::nullopt;
  }
  SentCompression out{.form = compression_named(*name), .all = all};
  if (level) out.level = compression_level(*level, out.form);
  return out;
}

}  // namespace ocibuild::program
