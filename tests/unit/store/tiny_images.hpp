// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/error.hpp>
#include <ocibuild/image.hpp>

#include "store/blob_store.hpp"
#include "store/oci_layout.hpp"

/// Images of a few hundred bytes, made by hand from the specification's documents.
namespace ocibuild::test {

/// A tar with one file.
std::string tar_of(std::string_view name, std::string_view content);
/// A tar with these files, in this order.
std::string tar_of(const std::vector<std::pair<std::string, std::string>>& files);

/// The config of an image with these layers.
ImageConfig tiny_config(const std::vector<std::string>& layer_tars);

/// An image with one uncompressed layer that holds `content`: its blobs, without a name.
Descriptor put_image(const store::BlobStore& blobs, std::string_view content);

/// An index over `manifests`, each with the platform linux/ARCHITECTURE of the same position.
Descriptor put_index(const store::BlobStore& blobs, std::vector<Descriptor> manifests,
                     const std::vector<std::string>& architectures);

/// The digest of the image's config and of its first layer.
Digest config_of(const store::BlobStore& blobs, const Descriptor& manifest);
Digest layer_of(const store::BlobStore& blobs, const Descriptor& manifest);

/// Writes over one byte of a file, so that its size stays.
void damage(const std::filesystem::path& file);

/// The error that `work` throws; a failed check if it throws none.
Error error_of(const std::function<void()>& work);

/// ref.name annotations in the order of the index; "" for an entry without.
std::vector<std::string> listed_names(const store::OciLayout& layout);

/// Names of all files below `directory`, sorted.
std::vector<std::string> files_below(const std::filesystem::path& directory);

}  // namespace ocibuild::test
