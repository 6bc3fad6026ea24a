// SPDX-License-Identifier: Apache-2.0
#include "layer/earlier_layers.hpp"

#include <algorithm>
#include <utility>

namespace ocibuild::layer {

EarlierLayers::EarlierLayers(std::vector<EarlierLayer> layers) : layers_(std::move(layers)) {
  for (const EarlierLayer& layer : layers_) {
    std::uint64_t offset = 0;
    for (const ListedChunk& chunk : layer.list.chunks) {
      places_.try_emplace(chunk.key, Place{layer.blob.get(), offset, chunk});
      offset += chunk.packed;
    }
  }
}

std::optional<EarlierLayers::Place> EarlierLayers::find(const Digest& key) const {
  const auto at = places_.find(key);
  if (at == places_.end()) return std::nullopt;
  return at->second;
}

EarlierLayers::Front EarlierLayers::longest_front(const std::vector<Digest>& keys) const {
  Front best;
  for (const EarlierLayer& layer : layers_) {
    const auto& chunks = layer.list.chunks;
    const auto end =
        std::mismatch(chunks.begin(), chunks.end(), keys.begin(), keys.end(),
                      [](const ListedChunk& a, const Digest& b) { return a.key == b; });
    const auto shared = static_cast<std::size_t>(end.first - chunks.begin());
    for (const Checkpoint& checkpoint : layer.list.checkpoints) {
      if (checkpoint.chunks > shared || checkpoint.chunks <= best.checkpoint.chunks) continue;
      best.layer = &layer;
      best.checkpoint = checkpoint;
    }
  }
  for (std::size_t i = 0; i < best.checkpoint.chunks; ++i)
    best.packed += best.layer->list.chunks[i].packed;
  return best;
}

}  // namespace ocibuild::layer
