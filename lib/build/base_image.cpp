// SPDX-License-Identifier: Apache-2.0
#include "build/base_image.hpp"

#include <algorithm>

#include "build/layout_image.hpp"
#include "oci/image_json.hpp"
#include "oci/platform.hpp"
#include "rootfs/layer_scan.hpp"
#include "store/copy_blob.hpp"
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
Descriptor choose_platform(const Index& index, const Platform& platform, const std::string& title,
                           const SourceRange& where) {
  std::vector<std::string> offered;
  for (const Descriptor& descriptor : index.manifests) {
    if (!descriptor.platform || !oci::is_manifest(descriptor.media_type)) continue;
    const Platform& has = *descriptor.platform;
    if (oci::serves(has, platform)) return descriptor;
    offered.push_back(has.str());
  }
  Diagnostic diagnostic{
      "platform-missing", concat(title, " has no image for ", platform.str()), where, {}, {}};
  diagnostic.notes.push_back(concat("it has: ", support::join(offered, ", ")));
  throw Error(Errc::not_found, std::move(diagnostic));
}

Platform choose(const std::optional<Platform>& of_from, const std::optional<Platform>& wanted) {
  if (of_from) return *of_from;
  return wanted ? *wanted : Platform::host();
}

}  // namespace

const BaseImage& BaseImages::find(const plan::FromImage& from,
                                  const std::optional<Platform>& wanted,
                                  const dockerfile::SourceText& source) {
  const SourceRange where = source.range(from.span, from.expansion);
  const Index index = layout_.read_index();
  const Descriptor* listed = find_descriptor(index, from.name);
  if (listed == nullptr) throw_not_local(from, index, where);
  return read({from.name.familiar(), from.name, *listed, {}, {}, &layout_.blobs()},
              choose(from.platform, wanted), where);
}

const BaseImage& BaseImages::find(const plan::FromNamedContext& from, const BuildContext& context,
                                  const std::optional<Platform>& wanted,
                                  const dockerfile::SourceText& source) {
  if (const auto* name = std::get_if<Reference>(&context)) {
    return find(plan::FromImage{.name = *name,
                                .span = from.span,
                                .written = from.name,
                                .platform = from.platform,
                                .expansion = concat("--build-context ", from.name)},
                wanted, source);
  }
  return find(std::get<LayoutImage>(context), choose(from.platform, wanted),
              source.range(from.span, concat("--build-context ", from.name)));
}

const BaseImage& BaseImages::find(const LayoutImage& image, const Platform& platform,
                                  const SourceRange& where) {
  std::unique_ptr<store::OciLayout>& layout = layouts_[image.directory];
  if (!layout) layout = std::make_unique<store::OciLayout>(image.directory);
  const Descriptor listed = find_entry(*layout, image, where);
  return read({title_of(image), {}, listed, {}, {}, &layout->blobs()}, platform, where);
}

const BaseImage& BaseImages::read(BaseImage found, const Platform& platform,
                                  const SourceRange& where) {
  return support::with_context(
      concat("reading base image ", found.title), [&]() -> const BaseImage& {
        const store::BlobStore& blobs = *found.blobs;
        if (oci::is_index(found.descriptor.media_type)) {
          const Index platforms =
              oci::parse_index(blobs.read(found.descriptor, oci::manifest_limit));
          found.descriptor = choose_platform(platforms, platform, found.title, where);
        }
        std::unique_ptr<BaseImage>& image =
            images_[concat(found.title, ' ', found.descriptor.digest.str())];
        if (image) return *image;
        found.manifest = oci::parse_manifest(blobs.read(found.descriptor, oci::manifest_limit));
        found.config =
            oci::parse_image_config(blobs.read(found.manifest.config, oci::config_limit));
        if (found.config.diff_ids.size() != found.manifest.layers.size()) {
          throw Error(Errc::failed, "manifest-invalid",
                      concat("the manifest has ", found.manifest.layers.size(),
                             " layers and the config ", found.config.diff_ids.size()));
        }
        image = std::make_unique<BaseImage>(std::move(found));
        return *image;
      });
}

void BaseImages::keep_layers(const BaseImage& image) const {
  if (image.blobs == &layout_.blobs()) return;
  support::with_context(concat("reading base image ", image.title), [&] {
    for (const Descriptor& layer : image.manifest.layers) {
      if (layer.urls.empty() || image.blobs->has(layer))
        store::copy_blob(*image.blobs, layer, layout_.blobs(), stop_);
    }
  });
}

std::shared_ptr<const rootfs::LayerIndex> BaseImages::index(const store::BlobStore& blobs,
                                                            const Descriptor& layer,
                                                            const DiffId& diff_id) {
  std::shared_ptr<const rootfs::LayerIndex>& index = indexes_[layer.digest];
  if (index) return index;
  if (const auto cached = cache_.find_index(layer.digest))
    index = rootfs::LayerIndex::decode(*cached);
  if (!index) {
    const support::Fd fd = blobs.open(layer);
    support::FdSource blob(fd.get(), blobs.path(layer.digest));
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
      contents = std::make_shared<rootfs::LayerContents>(image.blobs->path(layer.digest),
                                                         layout_.blobs().temp_directory());
    }
    view.add(index(*image.blobs, layer, image.config.diff_ids[i]), contents,
             concat("layer ", i + 1, " of ", image.title));
  }
  return view;
}

std::uint64_t BaseImages::unpacked(const Digest& layer) const {
  const auto at = indexes_.find(layer);
  return at == indexes_.end() || !at->second ? 0 : at->second->tar_size();
}

}  // namespace ocibuild::engine
