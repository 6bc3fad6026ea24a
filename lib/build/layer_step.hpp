// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include <ocibuild/build.hpp>

#include "build/shared_cache.hpp"
#include "layer/description.hpp"
#include "layer/layer_writer.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"
#include "support/worker_pool.hpp"

namespace ocibuild::engine {

/// The same in the words of the compressors.
compress::Codec codec_of(Compression compression);

/// A layer that is in the store, or where a shared cache of a registry has it.
struct StoredLayer {
  store::LayerRecord record;
  bool cached = false;
  Digest key{};                     ///< of its record
  std::string shared_cache{};       ///< that gave it, or has it
  std::string host{};               ///< the registry of that cache
  std::chrono::nanoseconds took{};  ///< time that it was worked on
};

/// A layer that is being made, or why it cannot be.
using PendingLayer = std::shared_future<StoredLayer>;

/// Turns files into layers of the store, or finds them there; several at a time. The same files in
/// one build are made once, whatever the cache.
///
/// What the files are without their contents (their shape) tells whether the cache can have the
/// layer at all. If not, contents are hashed while they are written, so that each file is read
/// once.
class LayerMaker {
public:
  /// The arguments must outlive this.
  LayerMaker(const BuildRequest& request, const store::BlobStore& blobs,
             const store::BuildCache& cache, SharedCaches& shared, std::stop_token stop);
  /// Gives up layers that nobody has taken.
  ~LayerMaker();

  /// The layer of the cache if it has it and no file has to be read; otherwise begins to make it.
  /// `files` must outlive this. `anew`: what other builds made does not count.
  PendingLayer start(const std::vector<layer::LayerFile>& files, bool anew = false);

  /// What start() finds, without making what it does not find.
  std::optional<StoredLayer> look_up(const std::vector<layer::LayerFile>& files, bool anew = false);
  /// What it would make then. Reads contents that are not known.
  layer::LayerForecast forecast(const std::vector<layer::LayerFile>& files, bool anew = false);
  /// Moves with everything that the bytes of all layers depend on.
  std::string format() const { return layer::layer_shape({}, options_.setting_key).str(); }

private:
  class Turn;
  struct Looked {
    Digest shape;
    std::optional<StoredLayer> layer{};  ///< if there is one
  };

  Looked look(const std::vector<layer::LayerFile>& files, bool anew, bool asks_others);
  StoredLayer make(const std::vector<layer::LayerFile>& files, const Digest& shape, bool anew);
  std::optional<StoredLayer> find(const Digest& key, bool anew);
  std::optional<StoredLayer> find_elsewhere(const Digest& key, const Digest& shape);
  StoredLayer found(const Digest& key, store::LayerRecord record) const;
  StoredLayer write(const std::vector<layer::LayerFile>& files, layer::ContentDigests& contents,
                    bool anew);
  layer::LayerDigests write(const std::vector<layer::LayerFile>& files,
                            layer::ContentDigests& contents, const layer::EarlierLayers& earlier);
  layer::EarlierLayers earlier_layers() const;

  const BuildRequest& request_;
  const store::BlobStore& blobs_;
  const store::BuildCache& cache_;
  SharedCaches& shared_;
  std::stop_source stop_;
  const std::stop_callback<std::function<void()>> outer_stop_;
  const layer::WriteOptions options_;
  layer::ChunkWorkers chunks_;

  std::mutex mutex_;
  std::condition_variable turn_over_;
  std::set<Digest> shapes_;             ///< of the layers that are worked on now
  std::map<Digest, StoredLayer> made_;  ///< by key, in this build
  support::WorkerPool layers_;          // last: its threads use all of the above
};

}  // namespace ocibuild::engine
