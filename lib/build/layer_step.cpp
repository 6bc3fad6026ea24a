// SPDX-License-Identifier: Apache-2.0
#include "build/layer_step.hpp"

#include "build/cache_key.hpp"
#include "image/manifest_builder.hpp"
#include "layer/layer_writer.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::engine {

namespace {

compress::Codec codec_of(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return compress::Codec::gzip;
    case Compression::zstd:
      return compress::Codec::zstd;
    case Compression::none:
      return compress::Codec::none;
  }
  return compress::Codec::none;
}

}  // namespace

LayerMaker::LayerMaker(const BuildRequest& request, const store::BlobStore& blobs,
                       const store::BuildCache& cache, std::stop_token stop)
    : request_(request),
      blobs_(blobs),
      cache_(cache),
      stop_(std::move(stop)),
      setting_(compress::Setting::make(codec_of(request.compression), request.compression_level)) {}

StoredLayer LayerMaker::make(const std::vector<layer::LayerFile>& files) {
  const Digest key = layer_key(files, setting_);
  if (const auto at = made_.find(key); at != made_.end()) return at->second;
  std::optional<StoredLayer> layer = request_.use_cache ? find(key) : std::nullopt;
  if (!layer) {
    layer = write(files);
    cache_.put_layer(key, layer->record);
  }
  return made_.emplace(key, *std::move(layer)).first->second;
}

std::optional<StoredLayer> LayerMaker::find(const Digest& key) const {
  auto record = cache_.find_layer(key);
  if (!record || !blobs_.has(record->descriptor)) return std::nullopt;
  record->descriptor.media_type = image::layer_media_type(request_.format, request_.compression);
  return StoredLayer{*std::move(record), true};
}

StoredLayer LayerMaker::write(const std::vector<layer::LayerFile>& files) {
  const unsigned jobs = request_.jobs > 0 ? request_.jobs : support::available_cpus();
  store::BlobWriter blob = blobs_.create();
  const layer::LayerDigests digests = layer::write_layer(files, setting_, jobs, blob, stop_);
  blobs_.commit(blob.finish());
  const MediaType media_type = image::layer_media_type(request_.format, request_.compression);
  store::LayerRecord record{
      {.media_type = media_type, .digest = digests.digest, .size = digests.size},
      digests.diff_id,
      digests.unpacked};
  return {std::move(record), false};
}

}  // namespace ocibuild::engine
