// SPDX-License-Identifier: Apache-2.0
#include "build/recompression.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "build/layer_step.hpp"
#include "compress/decompressor.hpp"
#include "image/manifest_builder.hpp"
#include "image/media_type.hpp"
#include "layer/recompress.hpp"
#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

/// Null for what is foreign or no layer that we know.
const image::LayerType* type_of(const Descriptor& layer) {
  const auto* found = std::ranges::find_if(image::layer_types, [&](const image::LayerType& type) {
    return layer.media_type == type.oci || layer.media_type == type.docker;
  });
  return found == std::end(image::layer_types) ? nullptr : found;
}

ImageFormat family_of(const Descriptor& layer, const image::LayerType& type) {
  return layer.media_type == type.docker ? ImageFormat::docker : ImageFormat::oci;
}

/// Everything that the new bytes depend on, but for the rule of 3.9 itself, which has a version.
Digest record_key(const Descriptor& layer, const std::string& setting_key) {
  return oci::sha256(concat("recompressed-1\n", layer.digest.str(), '\n', setting_key, '\n'));
}

}  // namespace

Recompression::Recompression(const SentCompression& wanted, unsigned jobs,
                             const store::BlobStore& blobs, const store::BuildCache& cache,
                             std::stop_token stop)
    : wanted_(wanted),
      setting_(compress::Setting::make(codec_of(wanted.form), wanted.level)),
      setting_key_(setting_.key()),
      blobs_(blobs),
      cache_(cache),
      stop_(std::move(stop)),
      workers_(jobs) {}

bool Recompression::concerns(const Descriptor& layer) const {
  const image::LayerType* type = type_of(layer);
  return type != nullptr && (wanted_.all || type->compression != wanted_.form);
}

std::optional<store::LayerRecord> Recompression::known(const Descriptor& layer,
                                                       const DiffId& diff_id) const {
  auto record = cache_.find_layer(record_key(layer, setting_key_));
  if (!record || record->diff_id != diff_id || !blobs_.has(record->descriptor)) return std::nullopt;
  return record;
}

store::LayerRecord Recompression::convert(const Descriptor& layer, const DiffId& diff_id) {
  auto record = known(layer, diff_id);
  if (!record) {
    record = make(layer, diff_id);
    cache_.put_layer(record_key(layer, setting_key_), *record);
  }
  // A record does not know which family the next image is of.
  record->descriptor.media_type =
      image::layer_media_type(family_of(layer, *type_of(layer)), wanted_.form);
  return *std::move(record);
}

store::LayerRecord Recompression::make(const Descriptor& layer, const DiffId& diff_id) {
  blobs_.check_writable();
  support::TempFile file(blobs_.temp_directory());
  const std::string what = concat("layer ", layer.digest.str());
  const support::Fd stored = blobs_.open(layer);
  support::FdSource raw(stored.get(), blobs_.path(layer.digest));
  oci::VerifyingSource verified(raw, layer.digest, layer.size, what);
  const auto tar = compress::decompress(verified, what);
  const layer::LayerDigests made = layer::recompress(*tar, setting_, workers_, file, stop_);
  if (made.diff_id != diff_id) {
    throw Error(Errc::failed, "blob-corrupt",
                concat(what, " is not what the config says: wanted diff_id ", diff_id.str(),
                       ", got ", made.diff_id.str()));
  }
  blobs_.commit({std::move(file), made.digest, made.size});
  return {.descriptor = {.media_type = image::layer_media_type(ImageFormat::oci, wanted_.form),
                         .digest = made.digest,
                         .size = made.size},
          .diff_id = diff_id,
          .unpacked = made.unpacked};
}

Descriptor Recompression::convert_image(const Descriptor& image) {
  return oci::is_index(image.media_type) ? convert_index(image) : convert_manifest(image);
}

Descriptor Recompression::convert_index(const Descriptor& index) {
  const std::string text = blobs_.read(index, oci::manifest_limit);
  std::vector<Descriptor> manifests = oci::parse_index(text).manifests;
  bool is_changed = false;
  for (Descriptor& manifest : manifests) {
    if (!blobs_.has(manifest)) {
      throw Error(Errc::not_found, "push-incomplete",
                  "the store does not have every image that the index names")
          .note("an image that is not here cannot be compressed anew")
          .help("pull all of its platforms, or push one with --platform");
    }
    const Descriptor converted = convert_image(manifest);
    is_changed = is_changed || converted.digest != manifest.digest;
    manifest.digest = converted.digest;
    manifest.size = converted.size;
  }
  if (!is_changed) return index;
  Descriptor out = blobs_.put(index.media_type, oci::with_manifests(text, manifests));
  out.annotations = index.annotations;
  return out;
}

Descriptor Recompression::convert_manifest(const Descriptor& image) {
  const std::string text = blobs_.read(image, oci::manifest_limit);
  Manifest manifest = oci::parse_manifest(text);
  const auto changes = [this](const Descriptor& layer) { return concerns(layer); };
  if (std::ranges::none_of(manifest.layers, changes)) return image;
  const ImageConfig config =
      oci::parse_image_config(blobs_.read(manifest.config, oci::config_limit));
  if (config.diff_ids.size() != manifest.layers.size()) {
    throw Error(Errc::failed, "manifest-invalid",
                concat("the manifest has ", manifest.layers.size(), " layers and the config ",
                       config.diff_ids.size()));
  }
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    if (concerns(manifest.layers[i]))
      manifest.layers[i] = convert(manifest.layers[i], config.diff_ids[i]).descriptor;
  }
  Descriptor out = blobs_.put(image.media_type, oci::with_layers(text, manifest.layers));
  out.platform = image.platform;
  out.annotations = image.annotations;
  return out;
}

}  // namespace ocibuild::engine
