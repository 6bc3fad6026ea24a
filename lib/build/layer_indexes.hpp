// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>
#include <string>
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

/// The same for all layers of these images of `layout` that the cache has no index of, several at a
/// time, so that the first build on them reads none (docs/reference/image.md, 5.5). What cannot be
/// read is left to that build, which says why: not every image is one of files.
/// @throws Error(Errc::interrupted)
void make_indexes(const store::OciLayout& layout, const store::BuildCache& cache,
                  const std::vector<Descriptor>& images, const std::stop_token& stop);

}  // namespace ocibuild::engine
