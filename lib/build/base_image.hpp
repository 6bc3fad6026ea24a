// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/image.hpp>
#include <ocibuild/image_store.hpp>

#include "plan/stage_graph.hpp"
#include "rootfs/view.hpp"
#include "store/build_cache.hpp"
#include "store/oci_layout.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::engine {

/// An image of the store that a stage starts from or copies from.
struct BaseImage {
  Reference name;
  Descriptor descriptor;  ///< of its manifest
  Manifest manifest;
  ImageConfig config;
};

/// What base images are asked: documents first, files only when a step needs them.
class BaseImages {
public:
  BaseImages(const store::OciLayout& layout, const store::BuildCache& cache, std::stop_token stop)
      : layout_(layout), cache_(cache), stop_(std::move(stop)) {}

  /// The image that `from` names, for its platform, else for `wanted`, else for the host. The
  /// result lives as long as this object. @throws Error(Errc::not_found, base-not-local) or
  /// (platform-missing) pointing at the word
  const BaseImage& find(const plan::FromImage& from, const std::optional<Platform>& wanted,
                        const dockerfile::SourceText& source);
  /// The same, or null when there is no such image to be had.
  const BaseImage* find_or_null(const plan::FromImage& from, const std::optional<Platform>& wanted,
                                const dockerfile::SourceText& source);

  /// Its files. Layers whose index is not in the cache are scanned once, and verified by that.
  rootfs::View view(const BaseImage& image);

  /// Bytes of the layer's tar; known once view() was called, 0 before.
  std::uint64_t unpacked(const Digest& layer) const;

private:
  std::shared_ptr<const rootfs::LayerIndex> index(const Descriptor& layer, const DiffId& diff_id);

  const store::OciLayout& layout_;
  const store::BuildCache& cache_;
  std::stop_token stop_;
  std::map<std::string, std::unique_ptr<BaseImage>> images_;  // by manifest digest
  std::map<Digest, std::shared_ptr<const rootfs::LayerIndex>> indexes_;
  std::map<Digest, std::shared_ptr<const rootfs::LayerContents>> contents_;
};

}  // namespace ocibuild::engine
