// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "build/archives.hpp"
#include "build/base_image.hpp"
#include "build/contexts.hpp"
#include "build/copy_step.hpp"
#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// One instruction of a stage that is worked on.
struct StageStep {
  plan::Step plan;
  std::vector<layer::LayerFile> files;  ///< of its layer, in order; empty for steps without one
};

/// A stage that the target needs, from its base to its files.
struct StageWork {
  const plan::Stage* stage = nullptr;
  const BaseImage* image = nullptr;     ///< base image, when it starts from one
  std::optional<std::size_t> parent{};  ///< stage it starts from, when it starts from one
  plan::EvaluatedStage result;
  rootfs::View files;  ///< after the last step
  std::vector<StageStep> steps;
};

/// All stages of a Dockerfile, by index; those the target does not need stay empty.
using Stages = std::vector<StageWork>;

/// What laying out files needs besides the stages.
struct LayoutInputs {
  const dockerfile::Dockerfile& file;
  const plan::StageGraph& graph;
  const BuildRequest& request;
  const Contexts& contexts;
  BaseImages& images;
  Archives& archives;
};

/// Finds the base of every needed stage, or of all if `plan_inputs` says so, and evaluates its
/// instructions.
Stages evaluate_stages(const LayoutInputs& inputs, const plan::PlanInputs& plan_inputs,
                       support::Diagnostics& diagnostics);

/// Gives every step its files. Reads directories, the indexes of base layers and archives that ADD
/// unpacks; no other content.
void lay_out_files(Stages& stages, const LayoutInputs& inputs, dockerfile::Findings& findings,
                   CopyCounts& counts);

/// The stages whose steps make the image: the target and the stages it starts from, oldest first.
std::vector<std::size_t> chain_of(const Stages& stages, std::size_t target);

}  // namespace ocibuild::engine
