// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/image_store.hpp>

#include "store/archive_contents.hpp"

/// The tar of `docker save`: manifest.json names a config and the layers of each image.
namespace ocibuild::store {

inline constexpr std::string_view docker_manifest_member = "manifest.json";

/// One element of manifest.json. Paths are names of members.
struct DockerImage {
  std::string config;
  std::vector<std::string> repo_tags;
  std::vector<std::string> layers;  ///< base first
};

std::string to_json(const std::vector<DockerImage>& images);
/// @throws Error(Errc::failed, json-invalid)
std::vector<DockerImage> parse_docker_images(std::string_view json);

/// Images that stand complete in a store and wait for their names.
using IncomingImages = std::vector<StoredImage>;

/// Stores the images of a docker-save tar. Config and layers keep their bytes; each image gets an
/// OCI manifest, as these tars have none. Every layer is checked against its diff_id.
/// @throws Error(Errc::failed, archive-invalid, blob-corrupt) naming the member
IncomingImages import_docker_archive(ArchiveContents& contents, const BlobStore& target);

}  // namespace ocibuild::store
