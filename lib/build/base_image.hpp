// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/image.hpp>
#include <ocibuild/image_store.hpp>

#include "build/fetching.hpp"
#include "build/remote_bases.hpp"
#include "build/shared_cache.hpp"
#include "plan/stage_graph.hpp"
#include "rootfs/view.hpp"
#include "store/build_cache.hpp"
#include "store/oci_layout.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::engine {

/// An image that a stage starts from or copies from.
struct BaseImage {
  std::string title;              ///< for messages: "alpine:3.20", "oci-layout://DIR"
  std::optional<Reference> name;  ///< none for an image of a layout
  Descriptor descriptor;          ///< of its manifest
  Manifest manifest;
  ImageConfig config;
  const store::BlobStore* blobs;  ///< where its layers are
  /// The registry that has them, for an image that came from one: the store may lack layers.
  std::shared_ptr<const RemoteImage> remote{};
  Descriptor listed{};  ///< manifest or index that the name stands for
};

/// What base images are asked: documents first, files only when a step needs them.
class BaseImages {
public:
  /// `remote` may be null: then images come from the store only. The arguments must outlive this.
  /// Nor need there be `shared`, which may know layers that the store lacks.
  BaseImages(store::OciLayout& layout, const store::BuildCache& cache, RemoteBases* remote,
             std::stop_token stop, SharedCaches* shared = nullptr,
             Fetching fetching = Fetching::all)
      : layout_(layout),
        cache_(cache),
        remote_(remote),
        shared_(shared),
        fetching_(fetching),
        stop_(std::move(stop)) {}

  /// The image that `from` names, for its platform, else for `wanted`, else for the host. The
  /// result lives as long as this object. @throws Error(Errc::not_found, base-not-local) or
  /// (platform-missing) pointing at the word
  const BaseImage& find(const plan::FromImage& from, const std::optional<Platform>& wanted,
                        const dockerfile::SourceText& source);

  /// The image of a named context; see `find` for the platform.
  /// @throws Error(Errc::not_found, context-image-missing) and as find()
  const BaseImage& find(const plan::FromNamedContext& from, const BuildContext& context,
                        const std::optional<Platform>& wanted,
                        const dockerfile::SourceText& source);

  /// Brings the layers of an image of another layout or a registry into the store, verified. A
  /// registry's layers may be left where they are unless `all`.
  void keep_layers(const BaseImage& image, bool all);

  /// Brings these layers of an image, whose documents are known, into the store, where a registry
  /// has them.
  void fetch(const BaseImage& image, const std::vector<Descriptor>& layers);

  /// Names the images that came from registries, as far as the store has all of their layers: it
  /// stands for them from then on (docs/reference/registry.md, P14).
  void keep_names();

  /// Its files. Layers whose index is not in the cache are scanned once, and verified by that.
  rootfs::View view(const BaseImage& image);

  /// Layers that neither the store nor the image's own place has: they can come from its registry.
  std::vector<Descriptor> missing_layers(const BaseImage& image) const;
  /// True if view() threw NotHere for want of them: a build would fetch them all.
  bool would_fetch(const BaseImage& image) const { return wanted_.contains(&image); }

  /// Bytes of the layer's tar; known once view() was called, 0 before.
  std::uint64_t unpacked(const Digest& layer) const;
  /// The layers that view() had to know, sorted.
  std::vector<Digest> looked_into() const;

private:
  /// The manifest for `platform` below `listed`, which is a manifest or an index.
  const BaseImage& read(BaseImage found, const Platform& platform, const SourceRange& where);
  const BaseImage& find(const LayoutImage& image, const Platform& platform,
                        const SourceRange& where);
  /// An index that was made before, here or elsewhere; null: the layer has to be read.
  std::shared_ptr<const rootfs::LayerIndex> known_index(const BaseImage& image,
                                                        const Descriptor& layer);
  /// Fetches the layers that the store lacks, all when one is wanted, side by side; each is indexed
  /// as it comes.
  void fetch_with_indexes(const BaseImage& image);
  std::shared_ptr<const rootfs::LayerIndex> index(const BaseImage& image, const Descriptor& layer,
                                                  const DiffId& diff_id);
  /// Where a layer that the stores lack may come from; null: from nowhere.
  std::shared_ptr<const RemoteImage> source_of(const BaseImage& image,
                                               const Descriptor& layer) const;
  /// The store that has the layer, or will have it.
  const store::BlobStore& store_of(const BaseImage& image, const Descriptor& layer) const;
  std::function<void()> provider(const BaseImage& image, const Descriptor& layer) const;
  /// A document of an image, from its registry when the store lacks it.
  std::string read_document(const BaseImage& image, const Descriptor& document, std::size_t limit);

  store::OciLayout& layout_;
  const store::BuildCache& cache_;
  RemoteBases* const remote_;
  SharedCaches* const shared_;
  const Fetching fetching_;
  std::stop_token stop_;
  std::set<const BaseImage*> wanted_;
  std::map<std::string, std::unique_ptr<BaseImage>> images_;  // by title and manifest digest
  std::map<std::filesystem::path, std::unique_ptr<store::OciLayout>> layouts_;
  std::map<Digest, std::shared_ptr<const rootfs::LayerIndex>> indexes_;
  std::map<Digest, std::shared_ptr<const rootfs::LayerContents>> contents_;
};

}  // namespace ocibuild::engine
