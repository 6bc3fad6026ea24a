// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/transfer.hpp>

#include "build/transfers.hpp"
#include "compress/codec.hpp"
#include "layer/chunk_workers.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// Brings layers that others made into another compression (docs/reference/image.md, 3.9). What
/// became of a layer is recorded, so that it is done once. Not thread-safe.
class Recompression {
public:
  /// `jobs`: threads. `blobs`, `cache` and `events` must outlive this.
  /// @throws Error(Errc::usage) for a compression or level that there is not
  Recompression(const SentCompression& wanted, unsigned jobs, const store::BlobStore& blobs,
                const store::BuildCache& cache, EventSink& events, std::stop_token stop);

  /// True if the layer has to change. Foreign layers, and what is no tar, never do.
  bool concerns(const Descriptor& layer) const;
  /// What convert() makes of a layer, if it is known and in the store.
  std::optional<store::LayerRecord> known(const Descriptor& layer, const DiffId& diff_id) const;
  /// Brings those of `layers` that have to change into their new form, which is in the store then;
  /// the old ones must be there. Media types stay of their family. What takes time is told.
  /// @throws Error(Errc::failed) blob-missing, blob-corrupt
  void convert(std::vector<store::LayerRecord>& layers);
  /// Brings layers into the store, as far as it can.
  using Fetch = std::function<void(const std::vector<Descriptor>& layers)>;
  /// The image, or every image of the index, with such layers; `image` itself when none changes.
  /// `fetch` is asked for the layers of an image that must be read and that the store lacks.
  /// @throws Error(Errc::not_found, push-incomplete) for an index whose images are not all here
  Descriptor convert_image(const Descriptor& image, const Fetch& fetch = {});

private:
  Descriptor convert_index(const Descriptor& index, const Fetch& fetch);
  Descriptor convert_manifest(const Descriptor& image, const Fetch& fetch);
  /// Those that change whose old bytes are needed and are not here.
  std::vector<Descriptor> missing(const std::vector<store::LayerRecord>& layers) const;
  MediaType type_after(const Descriptor& layer) const;
  std::optional<store::LayerRecord> converted(const store::LayerRecord& layer) const;
  store::LayerRecord make(const store::LayerRecord& layer);
  /// `moved`: is told of bytes of the old form.
  store::LayerRecord write(const store::LayerRecord& layer,
                           const std::function<void(std::uint64_t)>& moved);

  const SentCompression wanted_;
  const compress::Setting setting_;
  const std::string setting_key_;
  const store::BlobStore& blobs_;
  const store::BuildCache& cache_;
  const std::stop_token stop_;
  layer::ChunkWorkers workers_;
  std::stop_source cancel_;  // of nothing: one layer comes after the other
  Transfers transfers_;
};

}  // namespace ocibuild::engine
