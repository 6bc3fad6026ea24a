// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/plan.hpp>

#include "build/image_names.hpp"
#include "build/layer_history.hpp"
#include "build/layer_step.hpp"
#include "build/recompression.hpp"
#include "build/report.hpp"
#include "build/stages.hpp"

namespace ocibuild::engine {

/// What is built for: each platform once; one image without a choice when none is named.
std::vector<std::optional<Platform>> wanted_platforms(const BuildRequest& request);

/// What the images of all platforms of one build share. Everything outlives them.
struct SharedWork {
  const BuildRequest& request;
  const dockerfile::Dockerfile& file;
  const ImageNames& names;
  const Contexts& contexts;
  BaseImages& images;
  Archives& archives;
  Downloads& downloads;
  const store::BlobStore& blobs;
  const store::BuildCache& cache;
  Recompression* recompression;  ///< null: base layers stay as they are
  std::string project;           ///< tells the Dockerfiles that use one cache from each other
  support::Diagnostics& diagnostics;
  EventSink& events;
  std::stop_token stop{};
};

/// The image of one platform, from the stages of the Dockerfile to its manifest. The methods are
/// called once each, in the order below; findings go to the shared diagnostics, and none may be an
/// error when the next is called.
class PlatformBuild {
public:
  /// `platform`: empty for the base's, or the host's on scratch.
  PlatformBuild(const SharedWork& shared, std::optional<Platform> platform);

  void find_stages();
  /// What the bases left to do, which can differ from platform to platform.
  void add_triggers();
  void evaluate();
  /// Reads directories and the indexes of base layers, no content. Adds to `counts`.
  void place_files(CopyCounts& counts);
  /// Sources that the ignore file hides; only the rules are looked at.
  void warn_ignored() const;
  /// Begins to make the layers of the target and of the stages it starts from; the others only
  /// served COPY --from.
  void start_layers(LayerMaker& maker);
  /// Stores config and manifest, once the layers are there. `maker`: makes them.
  PlatformResult make_image(const LayerMaker& maker);
  /// In the place of the last two: adds to `plan` what they would do.
  void plan_image(LayerMaker& maker, BuildPlan& plan);

private:
  Reporter reporter() const;
  LayerHistory history(const LayerMaker& maker, const BaseImage* base) const;
  bool is_made_anew(const StageWork& work) const;
  StageInputs inputs() const;
  /// The layers of `base` as the image has them; those that change are in the store then.
  std::vector<store::LayerRecord> layers_of(const BaseImage& base) const;

  const SharedWork& shared_;
  const plan::PlanInputs plan_inputs_;
  dockerfile::Dockerfile file_;  ///< with the triggers of this platform's bases
  plan::StageGraph graph_;
  Stages stages_;
};

}  // namespace ocibuild::engine
