// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <ocibuild/digest.hpp>

#include "oci/raw_sha256.hpp"
#include "support/bytes.hpp"

/// Large contents are hashed in pieces: by several threads, and so that what stayed the same of a
/// large file is known when it changes (docs/reference/image.md, 7.3).
namespace ocibuild::oci {

constexpr std::uint64_t piece_size = 1 << 20;  ///< bytes; the last piece may be shorter

/// Contents of up to one piece are told by their SHA-256.
constexpr bool has_pieces(std::uint64_t size) {
  return size > piece_size;
}
constexpr std::size_t piece_count(std::uint64_t size) {
  return static_cast<std::size_t>((size + piece_size - 1) / piece_size);
}

/// Tells a content from all others of its size: the SHA-256 of the SHA-256s of its pieces.
RawSha256 digest_of_pieces(std::span<const RawSha256> pieces);

/// Reads to the end; throws what the source does. @return SHA-256, or the digest of the pieces of
/// what has_pieces()
Digest content_digest(support::ByteSource& source);

}  // namespace ocibuild::oci
