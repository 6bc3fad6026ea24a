// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>

#include <ocibuild/build.hpp>

#include "build/blob_sources.hpp"
#include "build/registry_work.hpp"
#include "build/shared_cache.hpp"

namespace ocibuild::engine {

/// A cache in an OCI layout, which is only read. With `fetches` its blobs are copied into `blobs`;
/// else it is only looked whether it has them. The arguments must outlive it.
std::unique_ptr<CacheSource> layout_cache(const LayoutImage& place, const store::BlobStore& blobs,
                                          bool fetches, std::stop_token stop);

/// A cache of a registry. With `fetches` its blobs come into `blobs`; else it is made sure that the
/// registry has them, and `sources` is told. The arguments must outlive it.
std::unique_ptr<CacheSource> registry_cache(const Reference& name, const store::BlobStore& blobs,
                                            const store::BuildCache& cache, RegistryWork& work,
                                            bool fetches);

}  // namespace ocibuild::engine
