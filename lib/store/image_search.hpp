// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
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

/// Which of `names` is most like `text`, which as a name is `wanted`: by spelling, else one of the
/// same repository, else one whose repository has a word more or less ("app" and "app-base").
std::optional<std::string> nearest_name(const std::vector<Reference>& names, std::string_view text,
                                        const std::optional<Reference>& wanted);

}  // namespace ocibuild::store
