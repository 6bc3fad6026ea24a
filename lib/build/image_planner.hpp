// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>

#include <ocibuild/plan.hpp>

#include "build/layer_history.hpp"
#include "build/layer_step.hpp"
#include "build/recompression.hpp"
#include "build/stages.hpp"

namespace ocibuild::engine {

/// Finds out what becomes of the layers of one platform's image, without making any.
class ImagePlanner {
public:
  struct Inputs {
    const BuildRequest& request;
    const dockerfile::Dockerfile& file;
    const BaseImages& images;
    const store::BlobStore& blobs;
    const store::BuildCache& cache;
    LayerMaker& maker;
    LayerHistory& history;
    const Recompression* recompression;  ///< of base layers; null: they stay as they are
  };
  /// Everything outlives this. The image is added to `plan`, by the calls below in their order.
  ImagePlanner(const Inputs& inputs, BuildPlan& plan) : in_(inputs), plan_(plan) {}

  /// `base`: null for scratch. `platform`: empty for the base's, or the host's.
  void begin(const BaseImage* base, const std::optional<Platform>& platform);
  /// The stages that make the image, oldest first. `anew`: no layer of this stage is looked up.
  void add(const StageWork& work, bool anew);
  /// What the bytes of a stage that the image needs cost, once all layers were added.
  void add_downloads(const StageWork& work);

private:
  PlannedLayer base_layer(const BaseImage& base, std::size_t number) const;
  PlannedLayer layer_of(const StageWork& work, const StageStep& step, bool anew);
  void look_up(const StageWork& work, const StageStep& step, bool anew, PlannedLayer& layer);
  void take(const StoredLayer& found, PlannedLayer& layer);
  void add_image(const BaseImage& image, bool is_read);
  void add_download(PlannedTransfer transfer);

  const Inputs in_;
  BuildPlan& plan_;
  const BaseImage* base_ = nullptr;
  bool makes_layers_ = false;  // or may make one
};

}  // namespace ocibuild::engine
