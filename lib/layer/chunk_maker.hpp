// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "compress/chunk_decoder.hpp"
#include "compress/chunk_encoder.hpp"
#include "layer/chunk_plan.hpp"
#include "layer/earlier_layers.hpp"

namespace ocibuild::layer {

/// A chunk that can be written. Its buffers may come back to be filled again.
struct MadeChunk {
  std::vector<std::byte> tar;
  std::vector<std::byte> packed;  ///< compressed; empty without compression, when `tar` is stored
  std::uint32_t tar_crc = 0;      ///< CRC-32 of `tar`
  support::Bytes stored() const { return packed.empty() ? tar : packed; }
};

/// Makes the chunks of one layer, in any order: from their files, or from an earlier layer. Not
/// thread-safe; each worker has its own.
class ChunkMaker {
public:
  /// The arguments must outlive it.
  ChunkMaker(const std::vector<LayerFile>& files, const compress::Setting& setting,
             const std::stop_token& stop);

  /// `made`: replaced. `known`: where an earlier layer has it, if one does. What is damaged there
  /// is made anew.
  /// @throws Error(Errc::failed, file-changed); Errc::interrupted
  void make(const Chunk& chunk, const std::optional<EarlierLayers::Place>& known, MadeChunk& made);

private:
  bool is_plain(const Chunk& chunk) const;
  bool unpack(support::Bytes packed, std::uint64_t size, std::vector<std::byte>& tar);
  void make_tar(const Chunk& chunk, std::vector<std::byte>& tar) const;

  const std::vector<LayerFile>& files_;
  const compress::Setting& setting_;
  const std::stop_token& stop_;
  std::optional<compress::ChunkEncoder> encoder_;
  std::optional<compress::ChunkDecoder> decoder_;
};

}  // namespace ocibuild::layer
