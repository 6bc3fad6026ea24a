// SPDX-License-Identifier: Apache-2.0
#include "image/manifest_builder.hpp"

#include <cassert>
#include <utility>

#include "image/media_type.hpp"

namespace ocibuild::image {

namespace {

/// The other family's name becomes `format`'s. Foreign and unknown types are kept.
void relabel(Descriptor& layer, ImageFormat format) {
  for (const LayerType& type : layer_types) {
    if (layer.media_type == type.oci || layer.media_type == type.docker) {
      layer.media_type = type.in(format);
      return;
    }
  }
}

}  // namespace

MediaType layer_media_type(ImageFormat format, Compression compression) {
  for (const LayerType& type : layer_types) {
    if (type.compression == compression) return MediaType(type.in(format));
  }
  assert(false);
  return {};
}

MediaType config_media_type(ImageFormat format) {
  return MediaType(format == ImageFormat::docker ? media_types::docker_config
                                                 : media_types::oci_config);
}

Manifest build_manifest(ImageFormat format, Descriptor config, std::vector<Descriptor> layers,
                        Annotations annotations) {
  Manifest manifest;
  manifest.media_type =
      format == ImageFormat::docker ? media_types::docker_manifest : media_types::oci_manifest;
  manifest.config = std::move(config);
  manifest.config.media_type = config_media_type(format);
  manifest.layers = std::move(layers);
  for (Descriptor& layer : manifest.layers) relabel(layer, format);
  manifest.annotations = std::move(annotations);
  return manifest;
}

Index build_index(ImageFormat format, std::vector<Descriptor> manifests, Annotations annotations) {
  return {.media_type = MediaType(format == ImageFormat::docker ? media_types::docker_index
                                                                : media_types::oci_index),
          .manifests = std::move(manifests),
          .annotations = std::move(annotations)};
}

}  // namespace ocibuild::image
