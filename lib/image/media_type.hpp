// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <ocibuild/build.hpp>

namespace ocibuild::image {

/// The names of one kind of layer in both families.
struct LayerType {
  Compression compression;
  std::string_view oci;
  std::string_view docker;

  std::string_view in(ImageFormat format) const {
    return format == ImageFormat::docker ? docker : oci;
  }
};

inline constexpr LayerType layer_types[] = {
    {Compression::gzip, media_types::oci_layer_gzip, media_types::docker_layer_gzip},
    {Compression::zstd, media_types::oci_layer_zstd, media_types::docker_layer_zstd},
    {Compression::none, media_types::oci_layer, media_types::docker_layer},
};

}  // namespace ocibuild::image
