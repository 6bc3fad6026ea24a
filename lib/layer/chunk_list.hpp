// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/digest.hpp>

#include "oci/hasher.hpp"
#include "oci/raw_sha256.hpp"

namespace ocibuild::layer {

/// A chunk as it stands in a layer blob.
struct ListedChunk {
  Digest key;                    ///< of what its bytes depend on (Description)
  std::uint64_t tar = 0;         ///< bytes before compression
  std::uint64_t packed = 0;      ///< bytes in the blob
  std::uint32_t tar_crc = 0;     ///< CRC-32 of the bytes before compression
  std::uint32_t packed_crc = 0;  ///< of those in the blob, which may have been damaged since
};

/// SHA-256s of the pieces of a large file's content, by what tells the content.
struct ListedFile {
  oci::RawSha256 content{};
  std::vector<oci::RawSha256> pieces;
};

/// What was known of the layer's two digests after its first `chunks` chunks.
struct Checkpoint {
  std::size_t chunks = 0;
  oci::Midstate tar;  ///< of diff_id
  Digest packed;      ///< of that many chunks of the blob
};

/// The chunks of one layer blob in order, so that the next layer can take them from there
/// (docs/reference/image.md, 7.3).
struct ChunkList {
  std::vector<ListedChunk> chunks;
  std::vector<ListedFile> large_files;
  std::vector<Checkpoint> checkpoints;

  /// Of all chunks: the size of the blob.
  std::uint64_t packed_size() const;
  /// False for small layers, which are written anew as fast.
  bool is_useful() const { return chunks.size() >= 4; }

  std::string encode() const;
  /// Nothing when `bytes` are damaged or something else.
  static std::optional<ChunkList> decode(std::string_view bytes);
};

}  // namespace ocibuild::layer
