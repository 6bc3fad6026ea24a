// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "compress/chunk_encoder.hpp"

namespace ocibuild::test {

/// Compresses like a layer: in chunks, of 1 MiB here.
inline std::string packed(std::string_view text, const compress::Setting& setting) {
  constexpr std::size_t chunk_size = 1 << 20;
  if (setting.codec == compress::Codec::none) return std::string(text);
  compress::ChunkEncoder encoder(setting);
  std::string out;
  std::vector<std::byte> member;
  do {
    const std::string_view chunk = text.substr(0, chunk_size);
    encoder.encode(support::as_bytes(chunk), member);
    out += support::as_text(member);
    text.remove_prefix(chunk.size());
  } while (!text.empty());
  return out;
}

inline std::string packed(std::string_view text, compress::Codec codec = compress::Codec::gzip) {
  return packed(text, compress::Setting::make(codec, {}));
}

}  // namespace ocibuild::test
