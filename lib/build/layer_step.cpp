// SPDX-License-Identifier: Apache-2.0
#include "build/layer_step.hpp"

#include <ocibuild/error.hpp>

#include "image/manifest_builder.hpp"
#include "layer/content_digests.hpp"
#include "layer/description.hpp"
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

/// Small layers are made as fast as one looks where their chunks might be.
bool is_large(const std::vector<layer::LayerFile>& files) {
  constexpr std::uint64_t large = 2 << 20;
  std::uint64_t bytes = 0;
  for (const layer::LayerFile& file : files) bytes += file.entry.size;
  return bytes > large;
}

layer::WriteOptions options_of(const BuildRequest& request) {
  layer::WriteOptions options{
      .setting = compress::Setting::make(codec_of(request.compression), request.compression_level),
      .setting_key = {},
      .jobs = request.jobs > 0 ? request.jobs : support::available_cpus()};
  options.setting_key = options.setting.key();
  return options;
}

}  // namespace

LayerMaker::LayerMaker(const BuildRequest& request, const store::BlobStore& blobs,
                       const store::BuildCache& cache, SharedCaches& shared, std::stop_token stop)
    : request_(request),
      blobs_(blobs),
      cache_(cache),
      shared_(shared),
      stop_(std::move(stop)),
      options_(options_of(request)) {}

StoredLayer LayerMaker::make(const std::vector<layer::LayerFile>& files) {
  const std::vector<Digest> contents = layer::content_digests(files, options_.jobs, stop_);
  const Digest key = layer::layer_key(files, contents, options_.setting_key);
  if (const auto at = made_.find(key); at != made_.end()) return at->second;
  std::optional<StoredLayer> layer = request_.use_cache ? find(key) : std::nullopt;
  if (!layer) {
    layer = write(files, contents);
    cache_.put_layer(key, layer->record);
  }
  layer->key = key;
  return made_.emplace(key, *std::move(layer)).first->second;
}

std::optional<StoredLayer> LayerMaker::find(const Digest& key) const {
  auto record = cache_.find_layer(key);
  if (!record || !blobs_.has(record->descriptor)) record = shared_.find_layer(key);
  if (!record) return std::nullopt;
  record->descriptor.media_type = image::layer_media_type(request_.format, request_.compression);
  return StoredLayer{*std::move(record), true};
}

StoredLayer LayerMaker::write(const std::vector<layer::LayerFile>& files,
                              const std::vector<Digest>& contents) {
  layer::LayerDigests digests;
  try {
    const bool reuse = request_.use_cache && is_large(files);
    digests = write(files, contents, reuse ? earlier_layers() : layer::EarlierLayers());
  } catch (const layer::EarlierLayerDamaged&) {
    digests = write(files, contents, layer::EarlierLayers());
  }
  const MediaType media_type = image::layer_media_type(request_.format, request_.compression);
  store::LayerRecord record{
      {.media_type = media_type, .digest = digests.digest, .size = digests.size},
      digests.diff_id,
      digests.unpacked};
  return {std::move(record), false};
}

layer::LayerDigests LayerMaker::write(const std::vector<layer::LayerFile>& files,
                                      const std::vector<Digest>& contents,
                                      const layer::EarlierLayers& earlier) {
  blobs_.check_writable();
  support::TempFile file(blobs_.temp_directory());
  const layer::WrittenLayer layer =
      layer::write_layer(files, contents, options_, earlier, file, stop_);
  blobs_.commit({std::move(file), layer.digests.digest, layer.digests.size});
  if (layer.chunks.is_useful()) cache_.put_chunks(layer.digests.digest, layer.chunks.encode());
  return layer.digests;
}

layer::EarlierLayers LayerMaker::earlier_layers() const {
  std::vector<layer::EarlierLayer> layers;
  for (const auto& [digest, bytes] : cache_.find_chunks()) {
    auto list = layer::ChunkList::decode(bytes);
    if (!list || blobs_.size(digest) != list->packed_size()) continue;
    const Descriptor blob{.media_type = {}, .digest = digest, .size = list->packed_size()};
    try {
      layers.push_back({*std::move(list), std::make_shared<support::Fd>(blobs_.open(blob))});
    } catch (const Error&) {
      continue;  // gone since, or not ours to read: then its chunks are made
    }
  }
  return layer::EarlierLayers(std::move(layers));
}

}  // namespace ocibuild::engine
