// SPDX-License-Identifier: Apache-2.0
#include "build/shared_cache.hpp"

#include <chrono>

#include <ocibuild/error.hpp>

#include "build/cache_sources.hpp"
#include "compress/decompressor.hpp"
#include "support/bytes.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

constexpr std::size_t index_limit = 256 * 1024 * 1024;  // bytes of one that is unpacked

}  // namespace

SharedCaches::SharedCaches(const BuildRequest& request, const store::BlobStore& blobs,
                           const store::BuildCache& cache, EventSink& events, std::stop_token stop,
                           Fetching fetching)
    : request_(request),
      blobs_(blobs),
      cache_(cache),
      events_(events),
      stop_(std::move(stop)),
      fetching_(fetching) {}

SharedCaches::~SharedCaches() = default;

std::optional<SharedLayer> SharedCaches::find_layer(const Digest& key) {
  for (std::size_t i = 0; i < request_.cache_from.size(); ++i) {
    Opened& cache = opened(i);
    if (!cache.records) continue;
    const auto at = cache.records->layers.find(key);
    if (at == cache.records->layers.end()) continue;
    store::LayerRecord record = at->second;
    if (!provide(cache, record.descriptor)) continue;
    if (blobs_.has(record.descriptor)) cache_.put_layer(key, record);
    return SharedLayer{std::move(record), cache.source->name(), cache.source->host()};
  }
  return std::nullopt;
}

std::unique_ptr<CacheSource> SharedCaches::open(const CacheLocation& location) {
  if (const auto* place = std::get_if<LayoutImage>(&location)) {
    auto source = layout_cache(*place, blobs_, fetching_ == Fetching::all, stop_);
    events_.on_event(Asking{Asking::For::cache_from, "", source->name()});
    return source;
  }
  static const NetworkSettings no_network{.offline = true};
  if (!work_) work_.emplace(request_.network ? *request_.network : no_network, events_, stop_);
  return registry_cache(std::get<Reference>(location), blobs_, cache_, *work_,
                        request_.keep_shared_layers && fetching_ == Fetching::all);
}

SharedCaches::Opened& SharedCaches::opened(std::size_t number) {
  while (opened_.size() <= number) {
    Opened& cache = opened_.emplace_back();
    cache.source = open(request_.cache_from[opened_.size() - 1]);
    read(cache);
  }
  return opened_[number];
}

void SharedCaches::read(Opened& cache) {
  const auto start = std::chrono::steady_clock::now();
  CacheRead event{.name = cache.source->name()};
  std::optional<Error> failure;
  try {
    cache.records = cache.source->read();
    event.state = cache.records ? CacheRead::State::read : CacheRead::State::absent;
    if (cache.records) event.layers = cache.records->layers.size();
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    failure = error;
    event.state = CacheRead::State::unreadable;
  }
  event.took = std::chrono::steady_clock::now() - start;
  events_.on_event(event);
  if (failure) warn(cache, *failure);
}

bool SharedCaches::provide(Opened& cache, const Descriptor& blob) {
  return blobs_.has(blob) ||
         try_with(cache, [&](CacheSource& source) { return source.provide(blob); });
}

std::optional<std::string> SharedCaches::find_index(const Digest& layer) {
  for (std::size_t i = 0; request_.use_cache && i < request_.cache_from.size(); ++i) {
    Opened& cache = opened(i);
    if (!cache.records) continue;
    const auto at = cache.records->indexes.find(layer);
    if (at == cache.records->indexes.end()) continue;
    const Descriptor blob = at->second;
    std::string bytes;
    const bool came = try_with(cache, [&](CacheSource& source) {
      const std::string packed = source.read(blob);
      support::MemorySource in(packed);
      const auto plain = compress::decompress(in, "an index of the cache");
      bytes = support::read_all(*plain, index_limit, "an index of the cache");
      return true;
    });
    if (came) return bytes;
  }
  return std::nullopt;
}

template <typename Work>
bool SharedCaches::try_with(Opened& cache, Work&& work) {
  try {
    return work(*cache.source);
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    if (error.code() == Errc::not_found) return false;
    cache.records.reset();
    warn(cache, error);
    return false;
  }
}

void SharedCaches::warn(const Opened& cache, const Error& error) {
  Diagnostic warning{"cache-unusable",
                     concat("the cache ", cache.source->name(), " is not used: ", error.what()),
                     {},
                     {},
                     {}};
  events_.on_event(Warning{warning});
  warnings_.push_back(std::move(warning));
}

}  // namespace ocibuild::engine
