// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/build.hpp>

#include "build/push_contents.hpp"
#include "store/blob_store.hpp"

namespace ocibuild::engine {

/// The layers of all platforms of `result` as a shared cache. Its config is put into `blobs`;
/// nothing when there is no layer.
std::optional<PushContents> cache_contents(const BuildResult& result,
                                           const store::BlobStore& blobs);

}  // namespace ocibuild::engine
