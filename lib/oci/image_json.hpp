// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/image.hpp>

/// The image documents as JSON text. Parsers take documents of anybody: OCI and Docker media types,
/// unknown members, absent members; limits of docs/reference/image.md, 4.8. Writers give one text
/// for one value: compact, fixed order, maps sorted, nothing escaped that need not be.
namespace ocibuild::oci {

inline constexpr std::size_t manifest_limit = 4 * 1024 * 1024;  ///< bytes of a manifest or index
inline constexpr std::size_t config_limit = 16 * 1024 * 1024;   ///< bytes of an image config

/// @throws Error(Errc::failed, json-invalid, manifest-invalid)
Manifest parse_manifest(std::string_view json);
Index parse_index(std::string_view json);
/// @throws Error(Errc::failed, json-invalid, config-invalid)
ImageConfig parse_image_config(std::string_view json);

std::string to_json(const Manifest& manifest);
std::string to_json(const Index& index);
std::string to_json(const ImageConfig& config);

/// `manifest` (or `index`) with these layers (manifests) in the place of its own, as many and in
/// the same order: media type, digest and size. All else, unknown members too, stays.
std::string with_layers(std::string_view manifest, const std::vector<Descriptor>& layers);
std::string with_manifests(std::string_view index, const std::vector<Descriptor>& manifests);

/// True for the OCI and the Docker name of the document.
bool is_index(std::string_view media_type);
bool is_manifest(std::string_view media_type);
/// A type of layers whose bytes may not be passed on (image-spec layer.md, Non-Distributable
/// Layers; Docker's foreign layers of Windows).
bool is_foreign_layer(std::string_view media_type);
/// Such a layer that says where its bytes are: it stays there.
inline bool stays_at_urls(const Descriptor& layer) {
  return is_foreign_layer(layer.media_type) && !layer.urls.empty();
}

}  // namespace ocibuild::oci
