// SPDX-License-Identifier: Apache-2.0
#include "build/layer_step.hpp"

#include <algorithm>
#include <future>

#include <ocibuild/error.hpp>

#include "build/inputs.hpp"
#include "image/manifest_builder.hpp"
#include "support/stop.hpp"

namespace ocibuild::engine {

namespace {

using Clock = std::chrono::steady_clock;

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
      .setting_key = {}};
  options.setting_key = options.setting.key();
  return options;
}

/// Each has a thread that hashes and writes what the chunk workers make; more than a few wait for
/// those alone.
constexpr unsigned most_layers = 4;

}  // namespace

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

/// While it lives no other layer of this shape is worked on: that one then finds what this one did.
class LayerMaker::Turn {
public:
  Turn(LayerMaker& maker, const Digest& shape) : maker_(maker) {
    std::unique_lock lock(maker_.mutex_);
    maker_.turn_over_.wait(lock, [&] { return !maker_.shapes_.contains(shape); });
    mine_ = maker_.shapes_.insert(shape).first;
  }
  ~Turn() {
    {
      const std::lock_guard lock(maker_.mutex_);
      maker_.shapes_.erase(mine_);
    }
    maker_.turn_over_.notify_all();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

private:
  LayerMaker& maker_;
  std::set<Digest>::const_iterator mine_;
};

LayerMaker::LayerMaker(const BuildRequest& request, const store::BlobStore& blobs,
                       const store::BuildCache& cache, SharedCaches& shared, std::stop_token stop)
    : request_(request),
      blobs_(blobs),
      cache_(cache),
      shared_(shared),
      outer_stop_(std::move(stop), [this] { stop_.request_stop(); }),
      options_(options_of(request)),
      chunks_(jobs_of(request)),
      layers_(std::min(jobs_of(request), most_layers)) {}

LayerMaker::~LayerMaker() {
  stop_.request_stop();
}

PendingLayer LayerMaker::start(const std::vector<layer::LayerFile>& files, bool anew) {
  anew = anew || !request_.use_cache;
  auto promise = std::make_shared<std::promise<StoredLayer>>();
  PendingLayer layer = promise->get_future();
  // Shared caches are asked for keys, by this thread alone.
  const bool asks_others = !anew && !request_.cache_from.empty();
  constexpr std::size_t worth_a_thread = 512;
  std::optional<Looked> looked;
  if (asks_others || files.size() < worth_a_thread || chunks_.jobs() < 2)
    looked = look(files, anew, asks_others);
  const auto finish = [this, promise, &files, looked, anew] {
    try {
      Looked here = looked ? *looked : look(files, anew, false);
      promise->set_value(here.layer ? *std::move(here.layer) : make(files, here.shape, anew));
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  };
  if (looked && looked->layer) {
    finish();
  } else {
    layers_.run(finish);
  }
  return layer;
}

LayerMaker::Looked LayerMaker::look(const std::vector<layer::LayerFile>& files, bool anew,
                                    bool asks_others) {
  const auto begin = Clock::now();
  // Two passes over all files that need nothing of each other.
  constexpr std::size_t worth_a_thread = 4096;
  constexpr auto beside = std::launch::async | std::launch::deferred;  // if there is a thread
  const bool is_worth_it = files.size() >= worth_a_thread && chunks_.jobs() > 1;
  auto shape_of = std::async(is_worth_it ? beside : std::launch::deferred,
                             [&] { return layer::layer_shape(files, options_.setting_key); });
  layer::ContentDigests contents(files);
  Looked out{.shape = shape_of.get(), .layer = {}};
  if (asks_others) contents.compute(chunks_.jobs(), stop_.get_token());
  if (!contents.all_known()) return out;
  const Digest key = layer::layer_key(out.shape, files, contents);
  out.layer = find(key, anew);
  if (!out.layer && asks_others) out.layer = find_elsewhere(key, out.shape);
  if (out.layer) out.layer->took = Clock::now() - begin;
  return out;
}

StoredLayer LayerMaker::make(const std::vector<layer::LayerFile>& files, const Digest& shape,
                             bool anew) {
  const Turn turn(*this, shape);
  const auto begin = Clock::now();
  support::throw_if_stopped(stop_.get_token());
  layer::ContentDigests contents(files);
  if (!anew && !contents.all_known() && cache_.has_layer_shape(shape))
    contents.compute(chunks_.jobs(), stop_.get_token());
  std::optional<StoredLayer> layer;
  if (contents.all_known()) layer = find(layer::layer_key(shape, files, contents), anew);
  if (!layer) {
    layer = write(files, contents, anew);
    layer->key = layer::layer_key(shape, files, contents);
    cache_.put_layer(layer->key, layer->record);
    cache_.put_layer_shape(shape);
    const std::lock_guard lock(mutex_);
    made_.emplace(layer->key, *layer);
  }
  layer->took = Clock::now() - begin;
  return *std::move(layer);
}

std::optional<StoredLayer> LayerMaker::look_up(const std::vector<layer::LayerFile>& files,
                                               bool anew) {
  if (anew || !request_.use_cache) return std::nullopt;
  layer::ContentDigests contents(files);
  const Digest shape = layer::layer_shape(files, options_.setting_key);
  if (!contents.all_known() && (!request_.cache_from.empty() || cache_.has_layer_shape(shape)))
    contents.compute(chunks_.jobs(), stop_.get_token());
  if (!contents.all_known()) return std::nullopt;
  const Digest key = layer::layer_key(shape, files, contents);
  auto found = find(key, false);
  return found || request_.cache_from.empty() ? found : find_elsewhere(key, shape);
}

layer::LayerForecast LayerMaker::forecast(const std::vector<layer::LayerFile>& files, bool anew) {
  layer::ContentDigests contents(files);
  layer::EarlierLayers earlier;
  if (!anew && request_.use_cache && is_large(files)) earlier = earlier_layers();
  if (!earlier.empty()) contents.compute(chunks_.jobs(), stop_.get_token());
  return layer::forecast_layer(files, contents, options_, earlier);
}

std::optional<StoredLayer> LayerMaker::find(const Digest& key, bool anew) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto at = made_.find(key); at != made_.end()) return at->second;
  }
  if (anew) return std::nullopt;
  auto record = cache_.find_layer(key);
  if (!record || !blobs_.has(record->descriptor)) return std::nullopt;
  return found(key, *std::move(record));
}

std::optional<StoredLayer> LayerMaker::find_elsewhere(const Digest& key, const Digest& shape) {
  auto shared = shared_.find_layer(key);
  if (!shared) return std::nullopt;
  cache_.put_layer_shape(shape);
  StoredLayer layer = found(key, std::move(shared->record));
  layer.shared_cache = std::move(shared->cache);
  layer.host = std::move(shared->host);
  return layer;
}

StoredLayer LayerMaker::found(const Digest& key, store::LayerRecord record) const {
  record.descriptor.media_type = image::layer_media_type(request_.format, request_.compression);
  return {.record = std::move(record), .cached = true, .key = key};
}

StoredLayer LayerMaker::write(const std::vector<layer::LayerFile>& files,
                              layer::ContentDigests& contents, bool anew) {
  layer::LayerDigests digests;
  try {
    const bool reuse = !anew && is_large(files);
    digests = write(files, contents, reuse ? earlier_layers() : layer::EarlierLayers());
  } catch (const layer::EarlierLayerDamaged&) {
    digests = write(files, contents, layer::EarlierLayers());
  }
  const MediaType media_type = image::layer_media_type(request_.format, request_.compression);
  store::LayerRecord record{
      {.media_type = media_type, .digest = digests.digest, .size = digests.size},
      digests.diff_id,
      digests.unpacked};
  return {.record = std::move(record)};
}

layer::LayerDigests LayerMaker::write(const std::vector<layer::LayerFile>& files,
                                      layer::ContentDigests& contents,
                                      const layer::EarlierLayers& earlier) {
  blobs_.check_writable();
  support::TempFile file(blobs_.temp_directory());
  const layer::WrittenLayer layer =
      layer::write_layer(files, contents, options_, earlier, chunks_, file, stop_.get_token());
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
