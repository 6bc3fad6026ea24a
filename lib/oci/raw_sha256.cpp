// SPDX-License-Identifier: Apache-2.0
#include "oci/raw_sha256.hpp"

#include <cassert>
#include <string>
#include <string_view>

namespace ocibuild::oci {

namespace {

constexpr std::string_view prefix = "sha256:";

unsigned nibble(char hex) {
  return static_cast<unsigned>(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

}  // namespace

RawSha256 raw_sha256(const Digest& digest) {
  const std::string_view hex = digest.hex();
  RawSha256 raw{};
  assert(hex.size() == 2 * raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] = static_cast<unsigned char>(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
  return raw;
}

Digest to_digest(const RawSha256& raw) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(prefix.size() + 2 * raw.size());
  text = prefix;
  for (const unsigned char byte : raw) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return Digest::parse(text);
}

}  // namespace ocibuild::oci
