// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "build/registry_image.hpp"
#include "registry/network.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// Which repositories of registries had a blob, over all builds with one cache: a push mounts from
/// there what the destination lacks, and streams what the store lacks (docs/reference/registry.md,
/// M1, M4). A hint that may be out of date.
class BlobSources {
public:
  /// `cache` must outlive this.
  explicit BlobSources(const store::BuildCache& cache) : cache_(cache) {}

  void note(const Digest& blob, const registry::Source& source) const noexcept;
  /// All sources of a pulled image, for each of `blobs`.
  void note(const std::vector<Descriptor>& blobs, const RemoteImage& remote) const noexcept;

  /// Repositories of the registry `registry` to mount the blob from, the latest first.
  std::vector<std::string> repositories(const Digest& blob, const std::string& registry) const;
  /// Where the blob can be pulled from; empty when nobody knows.
  std::vector<std::shared_ptr<registry::Session>> open(const Digest& blob,
                                                       registry::Network& network) const;
  /// Into the store, several at a time, those of `wanted` that it lacks and that somebody knows.
  void fetch(const std::vector<Descriptor>& wanted, const store::BlobStore& blobs,
             RegistryWork& work) const;

private:
  std::vector<Reference> find(const Digest& blob) const;

  const store::BuildCache& cache_;
};

}  // namespace ocibuild::engine
