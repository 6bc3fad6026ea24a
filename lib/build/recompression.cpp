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

/// Tells how far it is read.
class WatchedSource final : public support::ByteSource {
public:
  WatchedSource(support::ByteSource& inner, const std::function<void(std::uint64_t)>& moved)
      : inner_(inner), moved_(moved) {}
  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t count = inner_.read(buffer);
    read_ += count;
    moved_(read_);
    return count;
  }

private:
  support::ByteSource& inner_;
  const std::function<void(std::uint64_t)>& moved_;
  std::uint64_t read_ = 0;
};

}  // namespace

Recompression::Recompression(const SentCompression& wanted, unsigned jobs,
                             const store::BlobStore& blobs, const store::BuildCache& cache,
                             EventSink& events, std::stop_token stop)
    : wanted_(wanted),
      setting_(compress::Setting::make(codec_of(wanted.form), wanted.level)),
      setting_key_(setting_.key()),
      blobs_(blobs),
      cache_(cache),
      stop_(std::move(stop)),
      workers_(jobs),
      transfers_(events, cancel_) {}

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

/// Of the same family: a record does not know which one the next image is of.
MediaType Recompression::type_after(const Descriptor& layer) const {
  return image::layer_media_type(family_of(layer, *type_of(layer)), wanted_.form);
}

std::optional<store::LayerRecord> Recompression::converted(const store::LayerRecord& layer) const {
  auto record = known(layer.descriptor, layer.diff_id);
  if (record) record->descriptor.media_type = type_after(layer.descriptor);
  return record;
}

void Recompression::convert(std::vector<store::LayerRecord>& layers) {
  TransfersStarted started{.movement = Movement::compress, .host = {}};
  std::vector<store::LayerRecord*> to_make;
  for (store::LayerRecord& layer : layers) {
    if (!concerns(layer.descriptor)) continue;
    if (auto record = converted(layer)) {
      layer = *std::move(record);
    } else {
      to_make.push_back(&layer);
      ++started.blobs;
      started.bytes += layer.descriptor.size;
    }
  }
  if (to_make.empty()) return;
  transfers_.report(started);
  for (store::LayerRecord* layer : to_make) *layer = make(*layer);
}

store::LayerRecord Recompression::make(const store::LayerRecord& layer) {
  Transfers::Bar bar(transfers_, {.movement = Movement::compress,
                                  .host = {},
                                  .digest = layer.descriptor.digest.str(),
                                  .total = layer.descriptor.size});
  if (auto record = converted(layer)) {  // an image may have a layer twice
    bar.done(BlobMoved::State::was_there);
    return *std::move(record);
  }
  const registry::TransferObserver observer = bar.observer();
  store::LayerRecord record = write(layer, observer.moved);
  cache_.put_layer(record_key(layer.descriptor, setting_key_), record);
  bar.done(BlobMoved::State::done);
  record.descriptor.media_type = type_after(layer.descriptor);
  return record;
}

store::LayerRecord Recompression::write(const store::LayerRecord& old,
                                        const std::function<void(std::uint64_t)>& moved) {
  const Descriptor& layer = old.descriptor;
  blobs_.check_writable();
  support::TempFile file(blobs_.temp_directory());
  const std::string what = concat("layer ", layer.digest.str());
  const support::Fd stored = blobs_.open(layer);
  support::FdSource raw(stored.get(), blobs_.path(layer.digest));
  WatchedSource watched(raw, moved);
  oci::VerifyingSource verified(watched, layer.digest, layer.size, what);
  const auto tar = compress::decompress(verified, what);
  const layer::LayerDigests made = layer::recompress(*tar, setting_, workers_, file, stop_);
  if (made.diff_id != old.diff_id) {
    throw Error(Errc::failed, "blob-corrupt",
                concat(what, " is not what the config says: wanted diff_id ", old.diff_id.str(),
                       ", got ", made.diff_id.str()));
  }
  blobs_.commit({std::move(file), made.digest, made.size});
  return {.descriptor = {.media_type = image::layer_media_type(ImageFormat::oci, wanted_.form),
                         .digest = made.digest,
                         .size = made.size},
          .diff_id = old.diff_id,
          .unpacked = made.unpacked};
}

Descriptor Recompression::convert_image(const Descriptor& image, const Fetch& fetch) {
  return oci::is_index(image.media_type) ? convert_index(image, fetch)
                                         : convert_manifest(image, fetch);
}

Descriptor Recompression::convert_index(const Descriptor& index, const Fetch& fetch) {
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
    const Descriptor converted = convert_image(manifest, fetch);
    is_changed = is_changed || converted.digest != manifest.digest;
    manifest.digest = converted.digest;
    manifest.size = converted.size;
  }
  if (!is_changed) return index;
  Descriptor out = blobs_.put(index.media_type, oci::with_manifests(text, manifests));
  out.annotations = index.annotations;
  return out;
}

std::vector<Descriptor> Recompression::missing(
    const std::vector<store::LayerRecord>& layers) const {
  std::vector<Descriptor> out;
  for (const auto& [layer, diff_id, unpacked] : layers) {
    if (concerns(layer) && !blobs_.has(layer) && !known(layer, diff_id)) out.push_back(layer);
  }
  return out;
}

Descriptor Recompression::convert_manifest(const Descriptor& image, const Fetch& fetch) {
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
  std::vector<store::LayerRecord> layers;
  for (std::size_t i = 0; i < manifest.layers.size(); ++i)
    layers.push_back({.descriptor = manifest.layers[i], .diff_id = config.diff_ids[i]});
  if (const auto wanted = missing(layers); fetch && !wanted.empty()) fetch(wanted);
  convert(layers);
  for (std::size_t i = 0; i < layers.size(); ++i)
    manifest.layers[i] = std::move(layers[i].descriptor);
  Descriptor out = blobs_.put(image.media_type, oci::with_layers(text, manifest.layers));
  out.platform = image.platform;
  out.annotations = image.annotations;
  return out;
}

}  // namespace ocibuild::engine
