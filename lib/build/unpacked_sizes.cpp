// SPDX-License-Identifier: Apache-2.0
// How large the layers of an image are once they are uncompressed (docs/reference/cli.md, 6.1).
#include <algorithm>

#include <ocibuild/error.hpp>
#include <ocibuild/upkeep.hpp>

#include "build/layer_indexes.hpp"
#include "store/build_cache.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild {

namespace {

std::optional<std::uint64_t> unpacked_size(const store::BlobStore& blobs,
                                           const store::BuildCache& cache, const Descriptor& layer,
                                           const DiffId& diff_id, const std::stop_token& stop) {
  if (auto bytes = cache.find_index(layer.digest)) {
    if (const auto index = rootfs::LayerIndex::decode(*std::move(bytes))) return index->tar_size();
  }
  if (!blobs.has(layer)) return std::nullopt;
  try {
    return engine::make_index(blobs, cache, layer, diff_id, stop)->tar_size();
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    return std::nullopt;  // no layer of files, or a damaged one
  }
}

}  // namespace

std::vector<std::optional<std::uint64_t>> unpacked_sizes(const StorePlace& place,
                                                         const ImageDetails& image,
                                                         std::stop_token stop) {
  const store::OciLayout layout(place.store);
  const store::BuildCache cache(place.cache.empty() ? place.store / "cache" : place.cache);
  std::vector<std::optional<std::uint64_t>> out(image.manifest.layers.size());
  for (std::size_t i = 0; i < std::min(out.size(), image.config.diff_ids.size()); ++i) {
    out[i] = unpacked_size(layout.blobs(), cache, image.manifest.layers[i],
                           image.config.diff_ids[i], stop);
  }
  return out;
}

}  // namespace ocibuild
