// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/build.hpp>

#include "build/base_image.hpp"
#include "build/layer_step.hpp"
#include "image/config_builder.hpp"
#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// Puts the result together: layers and history in order, then config and manifest.
class Assembly {
public:
  /// `base`: null for scratch.
  Assembly(const BuildRequest& request, const BaseImage* base, const BaseImages& images);

  void add_step(std::string created_by) { config_.add_step(std::move(created_by)); }
  void add_layer(std::string created_by, const StoredLayer& layer, const std::string& file,
                 const dockerfile::Instruction& instruction);

  /// Stores config and manifest.
  BuildResult finish(const plan::EvaluatedStage& target, const store::BlobStore& blobs) &&;

private:
  const BuildRequest& request_;
  image::ConfigBuilder config_;
  BuildResult result_;
};

}  // namespace ocibuild::engine
