// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "layer/chunk_list.hpp"
#include "support/bytes.hpp"
#include "support/fd.hpp"

namespace ocibuild::layer {

/// A layer blob of the store whose chunks are known.
struct EarlierLayer {
  ChunkList list;
  std::shared_ptr<const support::Fd> blob;
};

/// What an earlier layer's blob has some MiB before byte `offset` was taken by now: the layer that
/// is written gets its memory, so that the system need not find new one for as much again. What is
/// wanted all the same comes from the disk. Thread-safe.
void give_back_memory_before(const support::Fd& blob, std::uint64_t offset) noexcept;

class ContentDigests;

/// What a new layer may take from layers that were written before. Thread-safe once made.
class EarlierLayers {
public:
  EarlierLayers() = default;
  explicit EarlierLayers(std::vector<EarlierLayer> layers);

  /// A chunk in a blob.
  struct Place {
    const support::Fd* blob = nullptr;
    std::uint64_t offset = 0;
    ListedChunk chunk;
  };
  bool empty() const { return layers_.empty(); }
  std::optional<Place> find(const Digest& key) const;
  /// The pieces of large files whose contents are known and were in these layers.
  void tell_pieces(ContentDigests& contents) const;

  /// The front of a layer that a new one shares, up to a checkpoint.
  struct Front {
    const EarlierLayer* layer = nullptr;
    Checkpoint checkpoint;     ///< of no chunks when there is none
    std::uint64_t packed = 0;  ///< bytes of the blob
  };
  /// The longest one for a layer with chunks of these keys.
  Front longest_front(const std::vector<Digest>& keys) const;

private:
  std::vector<EarlierLayer> layers_;
  std::map<Digest, Place> places_;
  std::map<oci::RawSha256, const ListedFile*> large_files_;
};

}  // namespace ocibuild::layer
