// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <ocibuild/image.hpp>

#include "rootfs/layer_index.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild::engine {

/// Reads a layer of `blobs` once, verified by that, and puts its index into the cache.
/// @throws as rootfs::scan_layer()
std::shared_ptr<const rootfs::LayerIndex> make_index(const store::BlobStore& blobs,
                                                     const store::BuildCache& cache,
                                                     const Descriptor& layer, const DiffId& diff_id,
                                                     const std::stop_token& stop);

/// Makes the indexes of a pulled image's layers as their blobs come, in the threads that bring
/// them: while one is decompressed, others are on their way. Thread-safe but for expect(), which is
/// first.
class ArrivingLayers {
public:
  /// The arguments must outlive this.
  ArrivingLayers(const store::BlobStore& blobs, const store::BuildCache& cache,
                 std::stop_token stop)
      : blobs_(blobs), cache_(cache), stop_(std::move(stop)) {}

  /// The config of `manifest` comes too, or is there.
  void expect(const Manifest& manifest);
  /// `blob` is in the store. A layer that came before its config waits for that. What cannot be
  /// read is left to the build that needs it.
  void arrived(const Descriptor& blob) noexcept;

private:
  struct Waiting {
    Descriptor layer;
    Digest config;
    std::size_t position;  ///< of the layer in its image
    bool is_here = false;
  };
  /// Those that can be read now that `blob` came, with what their configs say of them.
  std::vector<std::pair<Descriptor, DiffId>> take_ready(const Descriptor& blob);
  const ImageConfig* config(const Digest& digest);

  const store::BlobStore& blobs_;
  const store::BuildCache& cache_;
  const std::stop_token stop_;
  std::mutex mutex_;
  std::vector<Waiting> waiting_;
  std::map<Digest, Descriptor> configs_;
  std::map<Digest, ImageConfig> read_;
};

/// The same for all layers of these images of `layout` that the cache has no index of, several at a
/// time, so that the first build on them reads none (docs/reference/image.md, 5.5). What cannot be
/// read is left to that build, which says why: not every image is one of files.
/// @throws Error(Errc::interrupted)
void make_indexes(const store::OciLayout& layout, const store::BuildCache& cache,
                  const std::vector<Descriptor>& images, const std::stop_token& stop);

}  // namespace ocibuild::engine
