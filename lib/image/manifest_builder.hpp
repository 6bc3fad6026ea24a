// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/image.hpp>

namespace ocibuild::image {

/// Media type of a new layer.
MediaType layer_media_type(ImageFormat format, Compression compression);
MediaType config_media_type(ImageFormat format);

/// A manifest all of one family of types: base layers are relabelled, their bytes untouched;
/// foreign (non-distributable) layers keep their type and URLs.
Manifest build_manifest(ImageFormat format, Descriptor config, std::vector<Descriptor> layers,
                        Annotations annotations);

/// An index of one family of types; every descriptor has its platform.
Index build_index(ImageFormat format, std::vector<Descriptor> manifests, Annotations annotations);

}  // namespace ocibuild::image
