// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/build.hpp>

#include "build/push_contents.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// The layers of all platforms of `result` as a shared cache, and what `cache` knows of base
/// layers. What the store does not have yet is put into `blobs`; nothing when the cache would be
/// empty.
std::optional<PushContents> cache_contents(const BuildResult& result, const store::BlobStore& blobs,
                                           const store::BuildCache& cache);

}  // namespace ocibuild::engine
