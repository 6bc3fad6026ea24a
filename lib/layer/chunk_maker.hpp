// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "compress/chunk_decoder.hpp"
#include "compress/chunk_encoder.hpp"
#include "layer/chunk_plan.hpp"
#include "layer/content_digests.hpp"
#include "layer/earlier_layers.hpp"
#include "support/buffer.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild::layer {

/// What a layer is made of, and what with. Whoever makes the layer owns it all.
struct LayerWork {
  const std::vector<LayerFile>& files;
  ContentDigests& contents;
  const compress::Setting& setting;
  const std::string& setting_key;  ///< setting.key(), which is costly
  const EarlierLayers& earlier;
  const std::stop_token& stop;
};

/// Everything that the chunk's bytes depend on; empty while not all of it is known.
Digest chunk_key(const Chunk& chunk, const LayerWork& layer);
/// Of a piece with this SHA-256: where in its file it is does not matter.
Digest piece_key(const Chunk& chunk, const LayerWork& layer, const oci::RawSha256& piece);

/// A chunk that can be written. Its buffers may come back to be filled again.
struct MadeChunk {
  Digest key;  ///< chunk_key() or piece_key(), known at last
  support::Buffer tar;
  std::vector<std::byte> packed;  ///< compressed; empty without compression, when `tar` is stored
  std::uint32_t tar_crc = 0;      ///< CRC-32 of `tar`
  oci::RawSha256 piece{};         ///< SHA-256 of the content of a piece that was not known
  support::Bytes stored() const { return packed.empty() ? support::Bytes(tar) : packed; }
};

/// What a thread that makes chunks needs besides, of a megabyte or more: for layer after layer.
struct ChunkTools {
  std::optional<compress::Setting> setting{};       ///< of the encoder
  std::optional<compress::ChunkEncoder> encoder{};  ///< made when it is needed, as the next
  std::optional<compress::ChunkDecoder> decoder{};
};

/// Makes the chunks of one layer, in any order: from their files, or from an earlier layer. Not
/// thread-safe; each thread has its own.
class ChunkMaker {
public:
  /// The arguments must outlive it.
  ChunkMaker(const LayerWork& layer, ChunkTools& tools) : layer_(layer), tools_(tools) {}

  /// `key`: empty if it is not known yet. `made`: replaced. Whole files that are read here and
  /// whose content was not known are learnt. What is damaged in an earlier layer is made anew.
  /// @throws Error(Errc::failed, file-changed); Errc::interrupted
  void make(const Chunk& chunk, const Digest& key, MadeChunk& made);

private:
  bool is_plain(const Chunk& chunk) const;
  bool unpack(support::Bytes packed, std::uint64_t size, support::Buffer& tar);
  void make_tar(const Chunk& chunk, MadeChunk& made) const;
  void write_piece(tar::TarWriter& writer, const Chunk& chunk, MadeChunk& made) const;
  void write_file(tar::TarWriter& writer, std::size_t number, MadeChunk& made) const;
  void compress(MadeChunk& made);

  const LayerWork& layer_;
  ChunkTools& tools_;
};

}  // namespace ocibuild::layer
