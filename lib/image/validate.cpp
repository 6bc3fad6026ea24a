// SPDX-License-Identifier: Apache-2.0
#include "image/validate.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <ocibuild/error.hpp>

#include "image/media_type.hpp"
#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "support/text.hpp"

namespace ocibuild::image {

using support::concat;

namespace {

class NullSink final : public support::ByteSink {
public:
  void write(support::Bytes) override {}
};

/// Nothing when the type belongs to no family.
std::optional<ImageFormat> family_of_layer(std::string_view media_type) {
  for (const LayerType& type : layer_types) {
    if (media_type == type.oci) return ImageFormat::oci;
    if (media_type == type.docker) return ImageFormat::docker;
  }
  return std::nullopt;
}

class Validator {
public:
  explicit Validator(const BlobAccess& blobs) : blobs_(blobs) {}

  void check_any(const Descriptor& descriptor);
  std::vector<std::string> findings() && { return std::move(findings_); }

private:
  void find(std::string_view what, std::string_view fault) {
    findings_.push_back(concat(what, ": ", fault));
  }

  /// Runs `work`; what it throws is a finding about `what`. False if it threw.
  template <typename Work>
  bool attempt(const std::string& what, Work&& work) {
    try {
      work();
      return true;
    } catch (const Error& error) {
      find(what, error.what());
      return false;
    }
  }

  std::string document(const Descriptor& descriptor, std::size_t limit) const;
  void check_index(const Descriptor& descriptor);
  void check_manifest(const Descriptor& descriptor);
  void check_media_types(const Manifest& manifest, const std::string& what);
  void check_config(const ImageConfig& config, std::size_t layers, const std::string& what);
  void check_layer(const Descriptor& layer, const DiffId* diff_id, const std::string& what);

  const BlobAccess& blobs_;
  std::vector<std::string> findings_;
};

std::string Validator::document(const Descriptor& descriptor, std::size_t limit) const {
  const auto source = blobs_.open(descriptor);
  oci::VerifyingSource verified(*source, descriptor.digest, descriptor.size, "the blob");
  return support::read_all(verified, limit, "the blob");
}

void Validator::check_any(const Descriptor& descriptor) {
  if (oci::is_index(descriptor.media_type)) {
    check_index(descriptor);
  } else if (oci::is_manifest(descriptor.media_type)) {
    check_manifest(descriptor);
  } else {
    find(concat("manifest ", descriptor.digest.str()),
         concat("is of the type ", support::quote(descriptor.media_type), ", not of a manifest"));
  }
}

void Validator::check_index(const Descriptor& descriptor) {
  const std::string what = concat("index ", descriptor.digest.str());
  Index index;
  if (!attempt(what,
               [&] { index = oci::parse_index(document(descriptor, oci::manifest_limit)); })) {
    return;
  }
  if (!index.media_type.empty() && index.media_type != descriptor.media_type) {
    find(what, concat("calls itself ", support::quote(index.media_type)));
  }
  for (const Descriptor& manifest : index.manifests) {
    // An index within an index is allowed, but no reader follows it: only manifests are images.
    if (oci::is_manifest(manifest.media_type)) check_manifest(manifest);
  }
}

void Validator::check_manifest(const Descriptor& descriptor) {
  const std::string what = concat("manifest ", descriptor.digest.str());
  Manifest manifest;
  if (!attempt(what, [&] {
        manifest = oci::parse_manifest(document(descriptor, oci::manifest_limit));
      })) {
    return;
  }
  if (!manifest.media_type.empty() && manifest.media_type != descriptor.media_type) {
    find(what, concat("calls itself ", support::quote(manifest.media_type)));
  }
  manifest.media_type = descriptor.media_type;
  check_media_types(manifest, what);
  const std::string config_what = concat("config ", manifest.config.digest.str());
  ImageConfig config;
  const bool has_config = attempt(config_what, [&] {
    config = oci::parse_image_config(document(manifest.config, oci::config_limit));
  });
  if (has_config) check_config(config, manifest.layers.size(), config_what);
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const Descriptor& layer = manifest.layers[i];
    check_layer(layer, i < config.diff_ids.size() ? &config.diff_ids[i] : nullptr,
                concat("layer ", i + 1, ' ', layer.digest.str()));
  }
}

void Validator::check_media_types(const Manifest& manifest, const std::string& what) {
  const bool docker = manifest.media_type == media_types::docker_manifest;
  const ImageFormat family = docker ? ImageFormat::docker : ImageFormat::oci;
  const std::string_view config = docker ? media_types::docker_config : media_types::oci_config;
  if (manifest.config.media_type != config) {
    find(what, concat("its config is of the type ", support::quote(manifest.config.media_type)));
  }
  for (const Descriptor& layer : manifest.layers) {
    if (oci::is_foreign_layer(layer.media_type) || family_of_layer(layer.media_type) == family)
      continue;
    find(what, concat("its layer ", layer.digest.str(), " is of the type ",
                      support::quote(layer.media_type)));
  }
}

void Validator::check_config(const ImageConfig& config, std::size_t layers,
                             const std::string& what) {
  if (config.platform.os.empty() || config.platform.architecture.empty()) {
    find(what, "names no operating system or no architecture");
  }
  if (config.diff_ids.size() != layers) {
    find(what, concat("has ", config.diff_ids.size(), " diff_ids for ", layers, " layers"));
  }
  const auto steps =
      static_cast<std::size_t>(std::count_if(config.history.begin(), config.history.end(),
                                             [](const HistoryEntry& e) { return !e.empty_layer; }));
  // The history is optional as a whole, never in part.
  if (!config.history.empty() && steps != layers) {
    find(what, concat("has ", steps, " history entries with a layer for ", layers, " layers"));
  }
}

void Validator::check_layer(const Descriptor& layer, const DiffId* diff_id,
                            const std::string& what) {
  if (oci::stays_at_urls(layer)) return;  // it is at its URLs
  const bool intact = attempt(what, [&] {
    const auto source = blobs_.open(layer);
    oci::VerifyingSource verified(*source, layer.digest, layer.size, "the blob");
    NullSink nowhere;
    support::copy(verified, nowhere);
  });
  if (!intact || diff_id == nullptr) return;
  attempt(what, [&] {
    const auto source = blobs_.uncompressed(layer);
    oci::Hasher hasher(diff_id->digest().algorithm());
    support::copy(*source, hasher);
    const DiffId actual(hasher.finish());
    if (actual != *diff_id) {
      find(what, concat("its diff_id is ", actual.str(), ", the config says ", diff_id->str()));
    }
  });
}

}  // namespace

std::vector<std::string> validate(const Descriptor& manifest, const BlobAccess& blobs) {
  Validator validator(blobs);
  validator.check_any(manifest);
  return std::move(validator).findings();
}

}  // namespace ocibuild::image
