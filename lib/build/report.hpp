// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <ocibuild/event.hpp>

#include "build/layer_step.hpp"
#include "build/stages.hpp"

namespace ocibuild::engine {

/// Tells the caller of build() what became of each step.
class Reporter {
public:
  /// `platform`: empty when the build makes one image only.
  Reporter(EventSink& events, const dockerfile::Dockerfile& file, const BaseImages& images,
           std::string platform)
      : events_(events), file_(file), images_(images), platform_(std::move(platform)) {}

  /// The base image of a stage; nothing for scratch and stages that start from a stage.
  void base(const StageWork& work);
  /// Before a step that makes a layer.
  void starts(const StageWork& work, const StageStep& step);
  /// `layer`: what a step with files became; null for the others. Steps of one stage come in order.
  void step(const StageWork& work, const StageStep& step, const StoredLayer* layer,
            std::chrono::nanoseconds took, std::vector<RebuildCause> causes = {});
  /// A stage that only serves COPY --from: nothing is written for it.
  void stage_without_layers(const StageWork& work);

private:
  EventSink& events_;
  const dockerfile::Dockerfile& file_;
  const BaseImages& images_;
  const std::string platform_;
};

}  // namespace ocibuild::engine
