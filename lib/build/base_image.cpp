// SPDX-License-Identifier: Apache-2.0
#include "build/base_image.hpp"

#include <algorithm>
#include <mutex>

#include "build/blob_sources.hpp"
#include "build/image_names.hpp"
#include "build/layer_indexes.hpp"
#include "build/layout_image.hpp"
#include "build/not_here.hpp"
#include "oci/image_json.hpp"
#include "oci/platform_choice.hpp"
#include "store/copy_blob.hpp"
#include "store/image_search.hpp"
#include "support/error_context.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

/// `silence`: why nobody is asked.
[[noreturn]] void throw_not_local(const plan::FromImage& from, const store::OciLayout& layout,
                                  std::string_view silence, const SourceRange& where) {
  std::vector<Reference> names;
  for (const Descriptor& descriptor : layout.read_index().manifests) {
    if (auto name = layout.name_of(descriptor)) names.push_back(*std::move(name));
  }
  const std::string familiar = from.name.familiar();
  std::string note =
      concat(silence, "; the store has ", names.size(), names.size() == 1 ? " image" : " images");
  if (const auto nearest = store::nearest_name(names, familiar, from.name))
    note += ", nearest: " + *nearest;
  Diagnostic diagnostic{
      "base-not-local", concat("Base image '", familiar, "' not found locally"), where, {note}, {}};
  diagnostic.helps.push_back(
      concat("build it first:  ocibuild -f Dockerfile.base -t ", familiar, " ."));
  diagnostic.helps.push_back("or bring it in:  ocibuild load -i FILE.tar");
  throw Error(Errc::not_found, std::move(diagnostic));
}

/// The manifest for `platform` out of an index of several.
Descriptor choose_platform(const Index& index, const Platform& platform, const std::string& title,
                           const SourceRange& where) {
  if (const Descriptor* entry = oci::choose_platform(index, platform)) return *entry;
  Diagnostic diagnostic{
      "platform-missing", concat(title, " has no image for ", platform.str()), where, {}, {}};
  diagnostic.notes.push_back(
      concat("it has: ", support::join(oci::offered_platforms(index), ", ")));
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
  const Platform platform = choose(from.platform, wanted);
  const Index index = layout_.read_index();
  const Descriptor* listed = find_entry(index, from.name);
  BaseImage found{from.name.familiar(), from.name, {}, {}, {}, &layout_.blobs()};
  if (remote_ != nullptr && remote_->asks(listed != nullptr))
    found.remote = remote_->find(from.name, listed != nullptr, layout_.blobs(), where);
  if (found.remote) {
    const registry::Document& document = found.remote->document;
    if (fetching_ == Fetching::all)
      layout_.blobs().put(document.descriptor.media_type, document.bytes);
    found.descriptor = document.descriptor;
  } else {
    if (listed == nullptr)
      throw_not_local(from, layout_,
                      remote_ != nullptr ? remote_->silence() : "no registry is asked", where);
    found.descriptor = *listed;
  }
  return read(std::move(found), platform, where);
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
        found.listed = found.descriptor;
        for (unsigned depth = 0; oci::is_index(found.descriptor.media_type); ++depth) {
          if (depth == oci::most_nested_indexes) {
            throw Error(Errc::failed, "manifest-invalid",
                        concat(found.title, " is an index of indexes of indexes"));
          }
          const Index platforms =
              oci::parse_index(read_document(found, found.descriptor, oci::manifest_limit));
          found.descriptor = choose_platform(platforms, platform, found.title, where);
        }
        std::unique_ptr<BaseImage>& image =
            images_[concat(found.title, ' ', found.descriptor.digest.str())];
        if (image) return *image;
        found.manifest =
            oci::parse_manifest(read_document(found, found.descriptor, oci::manifest_limit));
        found.config =
            oci::parse_image_config(read_document(found, found.manifest.config, oci::config_limit));
        if (found.config.diff_ids.size() != found.manifest.layers.size()) {
          throw Error(Errc::failed, "manifest-invalid",
                      concat("the manifest has ", found.manifest.layers.size(),
                             " layers and the config ", found.config.diff_ids.size()));
        }
        image = std::make_unique<BaseImage>(std::move(found));
        return *image;
      });
}

std::string BaseImages::read_document(const BaseImage& image, const Descriptor& document,
                                      std::size_t limit) {
  if (image.remote && !image.blobs->has(document)) {
    if (fetching_ == Fetching::documents) return fetch_document(*image.remote, document, limit);
    if (oci::is_manifest(document.media_type) || oci::is_index(document.media_type)) {
      const registry::Document child = fetch_child(*image.remote, document);
      layout_.blobs().put(child.descriptor.media_type, child.bytes);
    } else {
      fetch_blob(*image.remote, document, layout_.blobs());
    }
  }
  return image.blobs->read(document, limit);
}

void BaseImages::keep_layers(const BaseImage& image, bool all) {
  if (image.remote) {
    BlobSources(cache_).note(image.manifest.layers, *image.remote);
    if (all) remote_->fetch_layers(*image.remote, image.manifest.layers, layout_.blobs());
  }
  if (image.blobs == &layout_.blobs()) return;
  support::with_context(concat("reading base image ", image.title), [&] {
    for (const Descriptor& layer : image.manifest.layers) {
      if (!oci::stays_at_urls(layer) || image.blobs->has(layer))
        store::copy_blob(*image.blobs, layer, layout_.blobs(), stop_);
    }
  });
}

void BaseImages::fetch(const BaseImage& image, const std::vector<Descriptor>& layers) {
  if (image.remote) remote_->fetch_layers(*image.remote, layers, layout_.blobs());
}

void BaseImages::keep_names() {
  for (const auto& [key, image] : images_) {
    if (!image->remote) continue;
    const bool whole = std::ranges::all_of(image->manifest.layers, [&](const auto& layer) {
      return oci::stays_at_urls(layer) || layout_.blobs().has(layer);
    });
    if (whole) layout_.set_name(image->listed, image->name->str());
  }
}

std::shared_ptr<const rootfs::LayerIndex> BaseImages::known_index(const BaseImage& image,
                                                                  const Descriptor& layer) {
  std::shared_ptr<const rootfs::LayerIndex> index;
  if (auto cached = cache_.find_index(layer.digest))
    index = rootfs::LayerIndex::decode(*std::move(cached));
  // To scan a layer that is here is faster than to ask for what is known of it.
  if (index || shared_ == nullptr || store_of(image, layer).has(layer)) return index;
  if (auto shared = shared_->find_index(layer.digest))
    index = rootfs::LayerIndex::decode(*std::move(shared));
  if (index && !index->is_sound()) index = nullptr;
  if (index) cache_.put_index(layer.digest, index->encode());
  return index;
}

void BaseImages::fetch_with_indexes(const BaseImage& image) {
  std::map<Digest, DiffId> diff_ids;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i)
    diff_ids.emplace(image.manifest.layers[i].digest, image.config.diff_ids.at(i));
  std::mutex mutex;
  remote_->fetch_layers(
      *image.remote, image.manifest.layers, layout_.blobs(), [&](const Descriptor& layer) {
        if (cache_.find_index(layer.digest)) return;
        auto made = make_index(layout_.blobs(), cache_, layer, diff_ids.at(layer.digest), stop_);
        const std::lock_guard lock(mutex);
        indexes_[layer.digest] = std::move(made);
      });
}

std::shared_ptr<const rootfs::LayerIndex> BaseImages::index(const BaseImage& image,
                                                            const Descriptor& layer,
                                                            const DiffId& diff_id) {
  std::shared_ptr<const rootfs::LayerIndex>& index = indexes_[layer.digest];
  if (index) return index;
  index = known_index(image, layer);
  const bool stops = !index && fetching_ == Fetching::documents;
  if (stops && !store_of(image, layer).has(layer) && source_of(image, layer)) {
    wanted_.insert(&image);
    throw NotHere{concat("layers of ", image.title)};
  }
  if (!index) {
    if (image.remote) fetch_with_indexes(image);
    if (index) return index;
    if (const auto source = source_of(image, layer); source && !image.blobs->has(layer))
      remote_->fetch_layer(*source, layer, layout_.blobs());
    index = make_index(store_of(image, layer), cache_, layer, diff_id, stop_);
  }
  return index;
}

std::shared_ptr<const RemoteImage> BaseImages::source_of(const BaseImage& image,
                                                         const Descriptor& layer) const {
  if (image.remote) return image.remote;
  if (remote_ == nullptr || !oci::stays_at_urls(layer)) return nullptr;
  return remote_->sources(image.name, layer);
}

const store::BlobStore& BaseImages::store_of(const BaseImage& image,
                                             const Descriptor& layer) const {
  const bool elsewhere = oci::stays_at_urls(layer) && !image.blobs->has(layer);
  return elsewhere ? layout_.blobs() : *image.blobs;
}

/// Fetches a layer's blob once somebody wants to read a file of it; nothing for local images.
std::function<void()> BaseImages::provider(const BaseImage& image, const Descriptor& layer) const {
  const auto source = image.blobs->has(layer) ? nullptr : source_of(image, layer);
  if (!source) return {};
  if (fetching_ == Fetching::documents)
    return [what = concat("layers of ", image.title)] { throw NotHere{what}; };
  return [source, layer, &blobs = layout_.blobs()] { fetch_blob(*source, layer, blobs); };
}

rootfs::View BaseImages::view(const BaseImage& image) {
  rootfs::View view;
  for (std::size_t i = 0; i < image.manifest.layers.size(); ++i) {
    const Descriptor& layer = image.manifest.layers[i];
    std::shared_ptr<const rootfs::LayerContents>& contents = contents_[layer.digest];
    if (!contents) {
      contents = std::make_shared<rootfs::LayerContents>(store_of(image, layer).path(layer.digest),
                                                         scratch_of(layout_.blobs(), fetching_),
                                                         provider(image, layer));
    }
    view.add(index(image, layer, image.config.diff_ids[i]), contents,
             concat("layer ", i + 1, " of ", image.title));
  }
  return view;
}

std::vector<Descriptor> BaseImages::missing_layers(const BaseImage& image) const {
  std::vector<Descriptor> out;
  if (!image.remote) return out;
  for (const Descriptor& layer : image.manifest.layers) {
    if (!oci::stays_at_urls(layer) && !image.blobs->has(layer)) out.push_back(layer);
  }
  return out;
}

std::uint64_t BaseImages::unpacked(const Digest& layer) const {
  const auto at = indexes_.find(layer);
  return at == indexes_.end() || !at->second ? 0 : at->second->tar_size();
}

std::vector<Digest> BaseImages::looked_into() const {
  std::vector<Digest> out;
  for (const auto& [layer, index] : indexes_) out.push_back(layer);
  return out;
}

}  // namespace ocibuild::engine
