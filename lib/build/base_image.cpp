// SPDX-License-Identifier: Apache-2.0
#include "build/base_image.hpp"

#include <algorithm>

#include "oci/image_json.hpp"
#include "rootfs/layer_scan.hpp"
#include "support/error_context.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

[[noreturn]] void throw_not_local(const plan::FromImage& from, const Index& index,
                                  const SourceRange& where) {
  std::vector<std::string> names;
  for (const Descriptor& descriptor : index.manifests) {
    const auto name = descriptor.annotations.find(std::string(store::ref_name_annotation));
    if (name != descriptor.annotations.end()) names.push_back(name->second);
  }
  const std::string familiar = from.name.familiar();
  std::string note = concat("no registry is asked; the store has ", names.size(),
                            names.size() == 1 ? " image" : " images");
  if (const auto nearest = closest_match(from.name.str(), names))
    note += ", nearest: " + Reference::parse(*nearest).familiar();
  Diagnostic diagnostic{
      "base-not-local", concat("Base image '", familiar, "' not found locally"), where, {note}, {}};
  diagnostic.helps.push_back(
      concat("build it first:  ocibuild -f Dockerfile.base -t ", familiar, " ."));
  diagnostic.helps.push_back("or bring it in:  ocibuild load -i FILE.tar");
  throw Error(Errc::not_found, std::move(diagnostic));
}

/// The entry of the store's index for a reference: by digest when it has one, else by name.
const Descriptor* find_descriptor(const Index& index, const Reference& name) {
  for (const Descriptor& descriptor : index.manifests) {
    if (name.digest) {
      if (descriptor.digest == *name.digest) return &descriptor;
      continue;
    }
    const auto at = descriptor.annotations.find(std::string(store::ref_name_annotation));
    if (at != descriptor.annotations.end() && at->second == name.str()) return &descriptor;
  }
  return nullptr;
}

/// The manifest for `platform` out of an index of several.
Descriptor choose_platform(const Index& index, const Platform& platform, const Reference& name,
                           const SourceRange& where) {
  std::vector<std::string> offered;
  for (const Descriptor& descriptor : index.manifests) {
    if (!descriptor.platform || !oci::is_manifest(descriptor.media_type)) continue;
    const Platform& has = *descriptor.platform;
    if (has.os == platform.os && has.architecture == platform.architecture &&
        (has.variant == platform.variant || platform.variant.empty() || has.variant.empty())) {
      return descriptor;
    }
    offered.push_back(has.str());
  }
  Diagnostic diagnostic{"platform-missing",
                        concat(name.familiar(), " has no image for ", platform.str()),
                        where,
                        {},
                        {}};
  diagnostic.notes.push_back(concat("it has: ", support::join(offered, ", ")));
  throw Error(Errc::not_found, std::move(diagnostic));
}

}  // namespace

const BaseImage& BaseImages::find(const plan::FromImage& from,
                                  const std::optional<Platform>& wanted,
                                  const dockerfile::SourceText& source) {
  const SourceRange where = source.range(from.span, from.expansion);
  const Index index = layout_.read_index();
  const Descriptor* listed = find_descriptor(index, from.name);
  if (listed == nullptr) throw_not_local(from, index, where);
  Descriptor descriptor = *listed;
  return support::with_context(
      concat("reading base image ", from.name.familiar()), [&]() -> const BaseImage& {
        const store::BlobStore& blobs = layout_.blobs();
        if (oci::is_index(descriptor.media_type)) {
          const Platform platform = from.platform ? *from.platform
                                    : wanted      ? *wanted
                                                  : Platform::host();
          const Index platforms = oci::parse_index(blobs.read(descriptor, oci::manifest_limit));
          descriptor = choose_platform(platforms, platform, from.name, where);
        }
        std::unique_ptr<BaseImage>& image = images_[descriptor.digest.str()];
        if (!image) {
          Manifest manifest = oci::parse_manifest(blobs.read(descriptor, oci::manifest_limit));
          ImageConfig config =
              oci::parse_image_config(blobs.read(manifest.config, oci::config_limit));
          if (config.diff_ids.size() != manifest.layers.size()) {
            throw Error(Errc::failed, "manifest-invalid",
                        concat("the manifest has ", manifest.layers.size(),
                               " layers and the config ", config.diff_ids.size()));
          }
          image = std::make_unique<BaseImage>(
              BaseImage{from.name, descriptor, std::move(manifest), std::move(config)});
        }
        return *image;
      });
}

const BaseImage* BaseImages::find_or_null(const plan::FromImage& from,
                                          const std::optional<Platform>& wanted,
                                          const dockerfile::SourceText& source) {
  try {
    return &find(from, wanted, source);
  } catch (const Error&) {
    return nullptr;
  }
}

std::shared_ptr<const rootfs::LayerIndex> BaseImages::index(const Descriptor& layer,
                                                            const DiffId& diff_id) {
  std::shared_ptr<const rootfs::LayerIndex>& index = indexes_[layer.digest];
  if (index) return index;
  if (const auto cached = cache_.find_index(layer.digest))
    index = rootfs::LayerIndex::decode(*cached);
  if (!index) {
    const support::Fd fd = layout_.blobs().open(layer);
    support::FdSource blob(fd.get(), layout_.blobs().path(layer.digest));
    index = rootfs::scan_layer(blob, layer, diff_id, concat("layer ", layer.digest.str()), stop_);
    cache_.put_index(layer.digest, index->encode());
  }
  return index;
}

rootfs::View BaseImages::view(const BaseImage& image) {
  rootfs::View view;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const Descriptor& layer = image.manifest.layers[i];
    std::shared_ptr<const rootfs::LayerContents>& contents = contents_[layer.digest];
    if (!contents) {
      contents = std::make_shared<rootfs::LayerContents>(layout_.blobs().path(layer.digest),
                                                         layout_.blobs().temp_directory());
    }
    view.add(index(layer, image.config.diff_ids[i]), contents,
             concat("layer ", i + 1, " of ", image.name.familiar()));
  }
  return view;
}

std::uint64_t BaseImages::unpacked(const Digest& layer) const {
  const auto at = indexes_.find(layer);
  return at == indexes_.end() || !at->second ? 0 : at->second->tar_size();
}

}  // namespace ocibuild::engine
