// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>

#include "build/cache_records.hpp"
#include "build/fetching.hpp"
#include "build/registry_work.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// Where the records of one shared cache come from, and its blobs.
class CacheSource {
public:
  virtual ~CacheSource() = default;
  /// How events and messages call it.
  virtual std::string name() const = 0;
  /// The registry that has it, once it was read; empty: none.
  virtual std::string host() const { return {}; }
  /// Nothing: there is no such cache, as before the first build that writes it.
  virtual std::optional<CacheRecords> read() = 0;
  /// Sees to it that the image can have the blob: brings it into the store, or knows where it is.
  /// False: the cache names it and lacks it.
  virtual bool provide(const Descriptor& blob) = 0;
  /// The whole of a blob that is only looked at, verified.
  virtual std::string read(const Descriptor& blob) = 0;
};

/// A layer that a shared cache has, and which one.
struct SharedLayer {
  store::LayerRecord record;
  std::string cache;  ///< its CacheSource::name()
  std::string host;
};

/// The caches that a build reads (docs/reference/image.md, 7.7), in their order. The first look-up
/// reads the first of them, and each is read once. Whatever is wrong with one is a warning and a
/// miss; it is not asked again. Used by the thread that gets events.
class SharedCaches {
public:
  /// The arguments must outlive this. Nothing is opened before something is looked up.
  SharedCaches(const BuildRequest& request, const store::BlobStore& blobs,
               const store::BuildCache& cache, EventSink& events, std::stop_token stop,
               Fetching fetching = Fetching::all);
  ~SharedCaches();

  /// The layer of that key. Its blob is in the store, or at a registry that BlobSources knows if
  /// the request lets it stay there. @throws Error(Errc::interrupted)
  std::optional<SharedLayer> find_layer(const Digest& key);

  /// The encoded index of a base layer; anybody's, so decode() has to judge it.
  /// @throws Error(Errc::interrupted)
  std::optional<std::string> find_index(const Digest& layer);

  const std::vector<Diagnostic>& warnings() const { return warnings_; }
  /// Bytes so far.
  std::uint64_t downloaded() { return work_ ? work_->network().downloaded() : 0; }

private:
  struct Opened {
    std::unique_ptr<CacheSource> source;
    std::optional<CacheRecords> records;  ///< none: it is of no use
  };
  std::unique_ptr<CacheSource> open(const CacheLocation& location);
  Opened& opened(std::size_t number);
  void read(Opened& cache);
  bool provide(Opened& cache, const Descriptor& blob);
  /// Calls `work` with the cache; false as well when that fails.
  template <typename Work>
  bool try_with(Opened& cache, Work&& work);
  void warn(const Opened& cache, const Error& error);

  const BuildRequest& request_;
  const store::BlobStore& blobs_;
  const store::BuildCache& cache_;
  EventSink& events_;
  const std::stop_token stop_;
  const Fetching fetching_;
  std::optional<RegistryWork> work_;  ///< made for the first cache of a registry
  std::vector<Opened> opened_;        ///< as many of the request's as were needed so far
  std::vector<Diagnostic> warnings_;
};

}  // namespace ocibuild::engine
