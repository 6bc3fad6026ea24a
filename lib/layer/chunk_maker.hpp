// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <vector>

#include "compress/chunk_decoder.hpp"
#include "compress/chunk_encoder.hpp"
#include "layer/chunk_plan.hpp"
#include "layer/earlier_layers.hpp"

namespace ocibuild::layer {

/// A chunk that can be written.
struct MadeChunk {
  std::vector<std::byte> tar;
  std::vector<std::byte> packed;  ///< compressed; empty without compression, when `tar` is stored
  support::Bytes stored() const { return packed.empty() ? tar : packed; }
};

/// Makes the chunks of one layer, in any order: from their files, or from an earlier layer. Not
/// thread-safe; each worker has its own.
class ChunkMaker {
public:
  /// The arguments must outlive it.
  ChunkMaker(const std::vector<LayerFile>& files, const compress::Setting& setting,
             const std::stop_token& stop);

  /// `known`: where an earlier layer has it, if one does. What is damaged there is made anew.
  /// @throws Error(Errc::failed, file-changed); Errc::interrupted
  MadeChunk make(const Chunk& chunk, const std::optional<EarlierLayers::Place>& known);

private:
  std::optional<MadeChunk> restore(const EarlierLayers::Place& place);
  std::vector<std::byte> make_tar(const Chunk& chunk) const;

  const std::vector<LayerFile>& files_;
  const compress::Setting& setting_;
  const std::stop_token& stop_;
  std::optional<compress::ChunkEncoder> encoder_;
  std::optional<compress::ChunkDecoder> decoder_;
};

}  // namespace ocibuild::layer
