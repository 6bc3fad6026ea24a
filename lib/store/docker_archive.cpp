// SPDX-License-Identifier: Apache-2.0
#include "store/docker_archive.hpp"

#include <array>

#include <ocibuild/error.hpp>

#include "compress/codec.hpp"
#include "compress/decompressor.hpp"
#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;
using support::quote;

namespace {

compress::Codec codec_of(const ArchiveMember& member) {
  std::array<std::byte, 4> start{};
  std::size_t filled = 0;
  const auto source = member.open();
  while (filled < start.size()) {
    const std::size_t got = source->read(std::span(start).subspan(filled));
    if (got == 0) break;
    filled += got;
  }
  return compress::sniff(std::span(start).first(filled));
}

std::string_view media_type_of(compress::Codec codec) {
  switch (codec) {
    case compress::Codec::gzip:
      return media_types::oci_layer_gzip;
    case compress::Codec::zstd:
      return media_types::oci_layer_zstd;
    case compress::Codec::none:
      break;
  }
  return media_types::oci_layer;
}

/// Members are called by digest by most writers ("0123….json", "blobs/sha256/0123…"), but not by
/// all; where they are, a config that does not hash to its name is damaged.
void check_config_name(const std::string& name, const Digest& actual, const std::string& what) {
  std::string_view stem = name;
  stem.remove_prefix(stem.rfind('/') == std::string_view::npos ? 0 : stem.rfind('/') + 1);
  if (stem.ends_with(".json")) stem.remove_suffix(5);
  if (stem.starts_with("sha256:")) stem.remove_prefix(7);
  Digest named;
  try {
    named = Digest::parse(concat("sha256:", stem));
  } catch (const Error&) {
    return;
  }
  if (named == actual) return;
  throw Error(Errc::failed, "blob-corrupt",
              concat("config ", quote(name), " of ", what, " is corrupt: wanted ", named.str(),
                     ", got ", actual.str()));
}

/// One layer, checked. The tar has no other digest of it than the config's diff_id.
Descriptor layer_descriptor(const ArchiveContents& contents, const std::string& name,
                            const DiffId& diff_id) {
  const ArchiveMember& member = contents.get(name);
  const compress::Codec codec = codec_of(member);
  Digest actual = member.digest;
  if (codec != compress::Codec::none || actual.algorithm() != diff_id.digest().algorithm()) {
    const auto source = member.open();
    const auto tar =
        compress::decompress(*source, concat("layer ", quote(name), " of ", contents.what()));
    oci::Hasher hasher(diff_id.digest().algorithm());
    support::copy(*tar, hasher);
    actual = hasher.finish();
  }
  if (actual != diff_id.digest()) {
    throw Error(Errc::failed, "blob-corrupt",
                concat("layer ", quote(name), " of ", contents.what(),
                       " is corrupt: wanted diff_id ", diff_id.str(), ", got ", actual.str()));
  }
  return {.media_type = std::string(media_type_of(codec)),
          .digest = member.digest,
          .size = member.size};
}

Manifest manifest_of(const ArchiveContents& contents, const DockerImage& image) {
  const ArchiveMember& config_member = contents.get(image.config);
  check_config_name(image.config, config_member.digest, contents.what());
  ImageConfig config;
  try {
    config = oci::parse_image_config(contents.read(image.config, oci::config_limit));
  } catch (const Error& error) {
    contents.invalid(concat("config ", quote(image.config), ": ", error.what()));
  }
  if (config.diff_ids.size() != image.layers.size()) {
    contents.invalid(concat("manifest.json lists ", image.layers.size(), " layers, config ",
                            quote(image.config), ' ', config.diff_ids.size(), " diff_ids"));
  }
  Manifest manifest{.media_type = std::string(media_types::oci_manifest),
                    .config = {.media_type = std::string(media_types::oci_config),
                               .digest = config_member.digest,
                               .size = config_member.size},
                    .layers = {}};
  for (std::size_t i = 0; i < image.layers.size(); ++i) {
    manifest.layers.push_back(layer_descriptor(contents, image.layers[i], config.diff_ids[i]));
  }
  return manifest;
}

std::vector<Reference> names_of(const ArchiveContents& contents, const DockerImage& image) {
  std::vector<Reference> names;
  for (const std::string& tag : image.repo_tags) {
    try {
      names.push_back(Reference::parse(tag));
    } catch (const Error& error) {
      contents.invalid(concat("manifest.json: ", error.what()));
    }
  }
  return names;
}

std::vector<DockerImage> read_images(const ArchiveContents& contents) {
  const std::string json = contents.read(docker_manifest_member, oci::manifest_limit);
  std::vector<DockerImage> images;
  try {
    images = parse_docker_images(json);
  } catch (const Error& error) {
    contents.invalid(concat("manifest.json: ", error.what()));
  }
  if (images.empty()) contents.invalid("manifest.json lists no image");
  return images;
}

}  // namespace

IncomingImages import_docker_archive(ArchiveContents& contents, const BlobStore& target) {
  const std::vector<DockerImage> images = read_images(contents);
  std::vector<Manifest> manifests;
  std::vector<std::vector<Reference>> names;
  for (const DockerImage& image : images) {
    manifests.push_back(manifest_of(contents, image));
    names.push_back(names_of(contents, image));
  }
  IncomingImages incoming;  // from here on everything is known to be right
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (const std::string& layer : images[i].layers) contents.commit(layer, target);
    contents.commit(images[i].config, target);
    const Descriptor manifest = target.put(manifests[i].media_type, oci::to_json(manifests[i]));
    if (names[i].empty()) incoming.push_back({std::nullopt, manifest});
    for (const Reference& name : names[i]) incoming.push_back({name, manifest});
  }
  return incoming;
}

}  // namespace ocibuild::store
