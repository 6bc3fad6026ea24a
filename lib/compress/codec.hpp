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
  Codec codec = Codec::gzip;
  int level = 0;

  /// The format version's default level when `level` is empty.
  /// @throws Error(Errc::usage, compression-level) out of range; Error(Errc::usage,
  /// compression-unavailable) for a codec this build lacks
  static Setting make(Codec codec, std::optional<int> level);
  /// Names everything that the compressed bytes of a chunk depend on: library and level. Costs the
  /// compression of a small text.
  std::string key() const;
  bool operator==(const Setting&) const = default;
};

}  // namespace ocibuild::compress
