// SPDX-License-Identifier: Apache-2.0
#include "store/image_details.hpp"

#include "oci/image_json.hpp"

namespace ocibuild::store {

ImageDetails read_details(const BlobOrigin& origin, const StoredImage& image,
                          const std::optional<Platform>& platform) {
  std::string index_json;
  if (oci::is_index(image.manifest.media_type))
    index_json = origin.read(image.manifest, oci::manifest_limit);
  Descriptor descriptor = resolve_platform(origin, image.manifest, platform);
  auto manifest = read_manifest(origin, descriptor);
  auto config = read_config(origin, manifest.manifest.config);
  return {.image = image,
          .index_json = std::move(index_json),
          .descriptor = std::move(descriptor),
          .manifest_json = std::move(manifest.json),
          .config_json = std::move(config.json),
          .manifest = std::move(manifest.manifest),
          .config = std::move(config.config)};
}

}  // namespace ocibuild::store
