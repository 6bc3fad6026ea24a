// SPDX-License-Identifier: Apache-2.0
#include "build/cache_sources.hpp"

#include <ocibuild/error.hpp>

#include "build/layout_image.hpp"
#include "build/registry_image.hpp"
#include "oci/image_json.hpp"
#include "registry/blob_upload.hpp"
#include "store/copy_blob.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild::engine {

namespace {

/// @throws Error(Errc::failed, cache-invalid) of something that is no cache
Manifest cache_of(const MediaType& type, std::string_view document) {
  if (!oci::is_manifest(type))
    throw Error(Errc::failed, "cache-invalid", "it is no manifest but an index");
  Manifest manifest = oci::parse_manifest(document);
  check_cache(manifest);
  return manifest;
}

class LayoutCache final : public CacheSource {
public:
  LayoutCache(LayoutImage place, const store::BlobStore& blobs, bool fetches, std::stop_token stop)
      : place_(std::move(place)), blobs_(blobs), fetches_(fetches), stop_(std::move(stop)) {
    if (place_.tag.empty() && !place_.digest) place_.tag = default_cache_tag;
  }

  std::string name() const override { return place_.directory.string(); }

  std::optional<CacheRecords> read() override {
    const store::OciLayout layout(place_.directory);
    Descriptor entry;
    try {
      entry = find_entry(layout, place_, {});
    } catch (const Error& error) {
      if (error.code() == Errc::not_found) return std::nullopt;
      throw;
    }
    from_.emplace(layout.blobs());
    const Manifest manifest = cache_of(entry.media_type, from_->read(entry, oci::manifest_limit));
    return parse_cache(manifest, from_->read(manifest.config, cache_config_limit));
  }

  bool provide(const Descriptor& blob) override {
    if (!from_->has(blob)) return false;
    if (!fetches_) return true;
    store::copy_blob(*from_, blob, blobs_, stop_);
    return true;
  }

  std::string read(const Descriptor& blob) override { return from_->read(blob, blob.size); }

private:
  LayoutImage place_;
  const store::BlobStore& blobs_;
  const bool fetches_;
  const std::stop_token stop_;
  std::optional<store::BlobStore> from_;
};

class RegistryCache final : public CacheSource {
public:
  RegistryCache(Reference name, const store::BlobStore& blobs, const store::BuildCache& cache,
                RegistryWork& work, bool fetches)
      : name_(std::move(name)), blobs_(blobs), sources_(cache), work_(work), fetches_(fetches) {}

  std::string name() const override { return name_.str(); }

  std::optional<CacheRecords> read() override {
    try {
      remote_ = resolve_image(work_, name_, Asking::For::cache_from);
    } catch (const Error& error) {
      if (error.code() == Errc::not_found) return std::nullopt;
      throw;
    }
    const registry::Document& document = remote_.document;
    const Manifest manifest = cache_of(document.descriptor.media_type, document.bytes);
    const Descriptor& config = manifest.config;
    return parse_cache(manifest,
                       read({.media_type = {}, .digest = config.digest, .size = config.size}));
  }

  std::string read(const Descriptor& blob) override { return fetch_text(remote_, blob); }
  std::string host() const override { return remote_.sessions.front()->source().registry; }

  bool provide(const Descriptor& blob) override { return fetches_ ? fetch(blob) : is_there(blob); }

private:
  bool is_there(const Descriptor& blob) {
    for (const auto& session : remote_.sessions) {
      if (!registry::has_blob(*session, blob)) continue;
      sources_.note(blob.digest, session->source());
      return true;
    }
    return false;
  }

  /// An error is caught on the thread where it happens: it must not end all other work.
  bool fetch(const Descriptor& blob) {
    const std::string host = remote_.sessions.front()->source().registry;
    work_.transfers().report(TransfersStarted{.host = host, .blobs = 1, .bytes = blob.size});
    std::exception_ptr failure;
    const auto job = [&] {
      Transfers::Bar bar(work_.transfers(),
                         {.host = host, .digest = blob.digest.str(), .total = blob.size});
      try {
        fetch_blob(remote_, blob, blobs_, bar.observer());
        bar.done(BlobMoved::State::done);
      } catch (...) {
        failure = std::current_exception();
        bar.done(BlobMoved::State::failed);
      }
    };
    work_.transfers().run({job}, 1);
    if (failure) std::rethrow_exception(failure);
    sources_.note({blob}, remote_);
    return true;
  }

  const Reference name_;
  const store::BlobStore& blobs_;
  const BlobSources sources_;
  RegistryWork& work_;
  const bool fetches_;
  RemoteImage remote_;
};

}  // namespace

std::unique_ptr<CacheSource> layout_cache(const LayoutImage& place, const store::BlobStore& blobs,
                                          bool fetches, std::stop_token stop) {
  return std::make_unique<LayoutCache>(place, blobs, fetches, std::move(stop));
}

std::unique_ptr<CacheSource> registry_cache(const Reference& name, const store::BlobStore& blobs,
                                            const store::BuildCache& cache, RegistryWork& work,
                                            bool fetches) {
  return std::make_unique<RegistryCache>(name, blobs, cache, work, fetches);
}

}  // namespace ocibuild::engine
