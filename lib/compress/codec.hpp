// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "support/bytes.hpp"

namespace ocibuild::compress {

enum class Codec { none, gzip, zstd };

/// The sum that gzip has (RFC 1952, 8): finds damage, and nothing that was meant.
std::uint32_t crc32(support::Bytes bytes);

/// By the first bytes of a stream (four are enough); `none` if they are no magic number.
Codec sniff(support::Bytes start);

/// Codec and level, checked. Equality of key() means equal bytes for equal input.
struct Setting {
  /// As `level` of gzip: each member's own, see gzip_level().
  static constexpr int by_content = 0;

  Codec codec = Codec::gzip;
  int level = by_content;

  /// The format version's default when `level` is empty: for gzip, `by_content`.
  /// @throws Error(Errc::usage, compression-level) out of range; Error(Errc::usage,
  /// compression-unavailable) for a codec this build lacks
  static Setting make(Codec codec, std::optional<int> level);
  /// Names everything that the compressed bytes of a chunk depend on: library and level. Costs the
  /// compression of a small text.
  std::string key() const;
  bool operator==(const Setting&) const = default;
};

/// The level of libdeflate for a member with `bytes` where none is chosen: 6 for text, 5 for
/// anything else, as docs/reference/image.md, 3.4 says. A glance at one byte in sixteen. Another
/// rule needs another name in Setting::key().
int gzip_level(support::Bytes bytes);

}  // namespace ocibuild::compress
