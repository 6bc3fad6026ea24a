// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <ocibuild/image_store.hpp>

#include "store/blob_origin.hpp"

namespace ocibuild::store {

/// Index, manifest and config of `image`, wherever they are. Of an index those for `platform`; see
/// resolve_platform(). @throws as read_manifest(), read_config() and resolve_platform()
ImageDetails read_details(const BlobOrigin& origin, const StoredImage& image,
                          const std::optional<Platform>& platform);

}  // namespace ocibuild::store
