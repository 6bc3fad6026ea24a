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

/// A layer whose bytes may not be passed on: it stays at its URLs (image-spec layer.md,
/// Non-Distributable Layers; Docker's foreign layers of Windows).
inline bool is_foreign_layer(std::string_view media_type) {
  return media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar") ||
         media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar");
}

}  // namespace ocibuild::image
