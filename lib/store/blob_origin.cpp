// SPDX-License-Identifier: Apache-2.0
#include "store/blob_origin.hpp"

#include <algorithm>

#include "oci/image_json.hpp"
#include "oci/platform.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;
using support::quote;

namespace {

constexpr int deepest_index = 4;

/// Calls `parse`; what it finds wrong is wrong with that blob.
template <typename Parse>
auto parsed(const BlobOrigin& origin, const Descriptor& descriptor, Parse&& parse) {
  try {
    return parse();
  } catch (const Error& error) {
    origin.invalid(concat("blob ", descriptor.digest.str(), ": ", error.what()));
  }
}

bool is_attestation(const Descriptor& entry) {
  return entry.annotations.contains("vnd.docker.reference.type") ||
         (entry.platform && entry.platform->architecture == "unknown");
}

/// An uncompressed layer hashes to its diff_id; nothing can be said across algorithms.
bool contradicts(const Descriptor& layer, const Digest& diff_id) {
  const bool plain =
      layer.media_type == media_types::oci_layer || layer.media_type == media_types::docker_layer;
  return plain && layer.digest.algorithm() == diff_id.algorithm() && layer.digest != diff_id;
}

void collect_manifests(const BlobOrigin& origin, const Descriptor& image, int depth,
                       std::vector<Descriptor>& out) {
  if (!oci::is_index(image.media_type)) return out.push_back(image);
  if (depth == deepest_index) origin.invalid(concat("indexes nest deeper than ", deepest_index));
  for (const Descriptor& entry : read_index(origin, image).manifests) {
    if (!is_attestation(entry) && origin.has(entry.digest))
      collect_manifests(origin, entry, depth + 1, out);
  }
}

}  // namespace

void StoreOrigin::check(const Descriptor& descriptor) const {
  blobs_.open(descriptor);
}

std::string StoreOrigin::read(const Descriptor& descriptor, std::size_t limit) const {
  return blobs_.read(descriptor, limit);
}

Error StoreOrigin::complaint(std::string_view why) const {
  return Error(Errc::failed, invalid_id_, concat(quote(blobs_.root().native()), ": ", why));
}

ManifestDocument read_manifest(const BlobOrigin& origin, const Descriptor& descriptor) {
  ManifestDocument out;
  out.json = origin.read(descriptor, oci::manifest_limit);
  out.manifest = parsed(origin, descriptor, [&] { return oci::parse_manifest(out.json); });
  return out;
}

Index read_index(const BlobOrigin& origin, const Descriptor& descriptor) {
  const std::string json = origin.read(descriptor, oci::manifest_limit);
  return parsed(origin, descriptor, [&] { return oci::parse_index(json); });
}

ConfigDocument read_config(const BlobOrigin& origin, const Descriptor& descriptor) {
  ConfigDocument out;
  out.json = origin.read(descriptor, oci::config_limit);
  out.config = parsed(origin, descriptor, [&] { return oci::parse_image_config(out.json); });
  return out;
}

bool is_image_config(std::string_view media_type) {
  return media_type == media_types::oci_config || media_type == media_types::docker_config;
}

std::vector<Descriptor> present_manifests(const BlobOrigin& origin, const Descriptor& image) {
  std::vector<Descriptor> out;
  collect_manifests(origin, image, 0, out);
  if (out.empty())
    origin.invalid(concat("no manifest of the index ", image.digest.str(), " is there"));
  return out;
}

Descriptor resolve_platform(const BlobOrigin& origin, const Descriptor& image,
                            const std::optional<Platform>& wanted) {
  const std::vector<Descriptor> there = present_manifests(origin, image);
  const auto serves = [&](const Platform& platform) {
    return std::find_if(there.begin(), there.end(), [&](const Descriptor& entry) {
      return entry.platform && oci::serves(*entry.platform, platform);
    });
  };
  if (!wanted) {
    const auto mine = serves(Platform::host());
    return mine == there.end() ? there.front() : *mine;
  }
  if (const auto found = serves(*wanted); found != there.end()) return *found;
  throw Error(Errc::not_found, "platform-missing",
              concat("the image ", image.digest.str(), " has nothing for ", wanted->str()))
      .note(concat("it has: ", platforms_of(there)));
}

std::string platforms_of(const std::vector<Descriptor>& manifests) {
  std::vector<std::string> names;
  for (const Descriptor& manifest : manifests)
    names.push_back(manifest.platform ? manifest.platform->str() : "one without platform");
  return support::join(names, ", ");
}

bool ImageBlobs::append(const Descriptor& descriptor) {
  origin_.check(descriptor);
  if (!seen_.insert(descriptor.digest).second) return false;
  list_.push_back(descriptor);
  return true;
}

void ImageBlobs::add(const Descriptor& image, int depth) {
  if (oci::is_index(image.media_type)) {
    add_index(image, depth);
  } else if (oci::is_manifest(image.media_type)) {
    add_manifest(image);
  } else {
    origin_.invalid(concat("blob ", image.digest.str(), " is of type ", quote(image.media_type),
                           ", which is no image"));
  }
}

void ImageBlobs::add_index(const Descriptor& descriptor, int depth) {
  if (depth == deepest_index) origin_.invalid(concat("indexes nest deeper than ", deepest_index));
  if (!append(descriptor)) return;
  present_manifests(origin_, descriptor);  // says so when there is no manifest at all
  for (const Descriptor& entry : read_index(origin_, descriptor).manifests) {
    if (origin_.has(entry.digest)) add(entry, depth + 1);
  }
}

void ImageBlobs::add_manifest(const Descriptor& descriptor) {
  if (!append(descriptor)) return;
  const Manifest manifest = read_manifest(origin_, descriptor).manifest;
  append(manifest.config);
  if (is_image_config(manifest.config.media_type)) {
    const auto diff_ids = read_config(origin_, manifest.config).config.diff_ids;
    if (diff_ids.size() != manifest.layers.size()) {
      origin_.invalid(concat("manifest ", descriptor.digest.str(), " has ", manifest.layers.size(),
                             " layers, its config ", diff_ids.size(), " diff_ids"));
    }
    for (std::size_t i = 0; i < diff_ids.size(); ++i) {
      const Descriptor& layer = manifest.layers[i];
      if (contradicts(layer, diff_ids[i].digest())) {
        origin_.invalid(concat("layer ", layer.digest.str(),
                               " is uncompressed, but its diff_id is ", diff_ids[i].str()));
      }
    }
  }
  add_layers(manifest);
}

void ImageBlobs::add_layers(const Manifest& manifest) {
  for (const Descriptor& layer : manifest.layers) {
    if (!oci::stays_at_urls(layer) || origin_.has(layer.digest)) append(layer);
  }
}

}  // namespace ocibuild::store
