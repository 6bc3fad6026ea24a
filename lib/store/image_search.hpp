// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include <ocibuild/image_store.hpp>

#include "store/blob_origin.hpp"

namespace ocibuild::store {

/// What a user means by `text`: a digest or at least four hex digits of one, of manifest or config,
/// or a name; a name wins over a prefix, as for docker. `images`: sorted, names first.
/// `root` is for messages.
/// @throws Error(Errc::not_found, image-unknown), Error(Errc::usage, image-ambiguous, name-invalid)
StoredImage find_image(const std::vector<StoredImage>& images, const BlobOrigin& origin,
                       std::string_view text, const std::filesystem::path& root);

}  // namespace ocibuild::store
