// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <vector>

#include <ocibuild/build.hpp>

#include "build/shared_cache.hpp"
#include "layer/layer_writer.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// A layer that is in the store, or where a shared cache of a registry has it.
struct StoredLayer {
  store::LayerRecord record;
  bool cached = false;
  Digest key{};  ///< of its record
};

/// Turns files into layers of the store, or finds them there. The same files in one build are made
/// once, whatever the cache.
class LayerMaker {
public:
  LayerMaker(const BuildRequest& request, const store::BlobStore& blobs,
             const store::BuildCache& cache, SharedCaches& shared, std::stop_token stop);

  StoredLayer make(const std::vector<layer::LayerFile>& files);

private:
  std::optional<StoredLayer> find(const Digest& key) const;
  StoredLayer write(const std::vector<layer::LayerFile>& files,
                    const std::vector<Digest>& contents);
  layer::LayerDigests write(const std::vector<layer::LayerFile>& files,
                            const std::vector<Digest>& contents,
                            const layer::EarlierLayers& earlier);
  layer::EarlierLayers earlier_layers() const;

  const BuildRequest& request_;
  const store::BlobStore& blobs_;
  const store::BuildCache& cache_;
  SharedCaches& shared_;
  const std::stop_token stop_;
  const layer::WriteOptions options_;
  std::map<Digest, StoredLayer> made_;  ///< by key, in this build
};

}  // namespace ocibuild::engine
