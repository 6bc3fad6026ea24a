// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/build.hpp>

#include "build/base_image.hpp"
#include "build/layer_step.hpp"
#include "image/config_builder.hpp"
#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// Puts the image of one platform together: layers and history in order, then config and manifest.
class Assembly {
public:
  /// `platform`: empty for the base's, or the host's. `base`: null for scratch; `base_layers`: its
  /// layers in the form that the image gets.
  Assembly(const BuildRequest& request, const std::optional<Platform>& platform,
           const BaseImage* base, const std::vector<store::LayerRecord>& base_layers);

  void add_step(std::string created_by) { config_.add_step(std::move(created_by)); }
  void add_layer(std::string created_by, const StoredLayer& layer, const std::string& file,
                 const dockerfile::Instruction& instruction);

  /// Stores config and manifest.
  PlatformResult finish(const plan::EvaluatedStage& target, const store::BlobStore& blobs) &&;

private:
  const BuildRequest& request_;
  image::ConfigBuilder config_;
  PlatformResult result_;
};

/// What names point to: the one image, or a stored index of all `images`, which are in the order of
/// the request. `images` must not be empty.
BuildResult join(std::vector<PlatformResult> images, const BuildRequest& request,
                 const store::BlobStore& blobs);

}  // namespace ocibuild::engine
