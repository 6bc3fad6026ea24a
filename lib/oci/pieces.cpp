// SPDX-License-Identifier: Apache-2.0
#include "oci/pieces.hpp"

#include <algorithm>
#include <vector>

#include "oci/hasher.hpp"

namespace ocibuild::oci {

namespace {

/// Of up to one piece of what is left; nothing is read beyond it.
std::uint64_t hash_piece(support::ByteSource& source, std::span<std::byte> buffer, Hasher& hasher) {
  while (hasher.size() < piece_size) {
    const auto room = std::min<std::uint64_t>(buffer.size(), piece_size - hasher.size());
    const std::size_t size = source.read(buffer.first(room));
    if (size == 0) break;
    hasher.write(support::Bytes(buffer).first(size));
  }
  return hasher.size();
}

}  // namespace

RawSha256 digest_of_pieces(std::span<const RawSha256> pieces) {
  Hasher hasher;
  for (const RawSha256& piece : pieces) hasher.write(std::as_bytes(std::span(piece)));
  return raw_sha256(hasher.finish());
}

Digest content_digest(support::ByteSource& source) {
  std::vector<std::byte> buffer(1 << 16);
  std::vector<RawSha256> pieces;
  while (true) {
    Hasher hasher;
    const std::uint64_t size = hash_piece(source, buffer, hasher);
    if (size == 0 && !pieces.empty()) break;
    pieces.push_back(raw_sha256(hasher.finish()));
    if (size < piece_size) break;
  }
  return to_digest(pieces.size() == 1 ? pieces.front() : digest_of_pieces(pieces));
}

}  // namespace ocibuild::oci
