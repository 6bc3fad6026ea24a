// SPDX-License-Identifier: Apache-2.0
#include "layer/earlier_layers.hpp"

#include <algorithm>
#include <utility>

#include "layer/content_digests.hpp"

namespace ocibuild::layer {

void give_back_memory_before(const support::Fd& blob, std::uint64_t offset) noexcept {
  // Other threads read chunks before this one still, and the system reads ahead in large strides
  // that it only gives back as a whole. Each part is named many times; the first that hits, counts.
  constexpr std::uint64_t distance = 8 << 20;
  if (offset <= distance) return;
  const std::uint64_t end = offset - distance;
  const std::uint64_t begin = end > distance ? end - distance : 0;
  support::give_back_memory(blob.get(), begin, end - begin);
}

EarlierLayers::EarlierLayers(std::vector<EarlierLayer> layers) : layers_(std::move(layers)) {
  for (const EarlierLayer& layer : layers_) {
    std::uint64_t offset = 0;
    for (const ListedChunk& chunk : layer.list.chunks) {
      places_.try_emplace(chunk.key, Place{layer.blob.get(), offset, chunk});
      offset += chunk.packed;
    }
    for (const ListedFile& file : layer.list.large_files)
      large_files_.try_emplace(file.content, &file);
  }
}

std::optional<EarlierLayers::Place> EarlierLayers::find(const Digest& key) const {
  const auto at = places_.find(key);
  if (at == places_.end()) return std::nullopt;
  return at->second;
}

void EarlierLayers::tell_pieces(ContentDigests& contents) const {
  for (const std::size_t file : contents.large()) {
    if (!contents.is_known(file) || !contents.pieces(file).empty()) continue;
    const auto at = large_files_.find(*contents.find(file));
    if (at != large_files_.end()) contents.learn_pieces(file, at->second->pieces);
  }
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
