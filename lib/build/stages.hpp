// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "build/archives.hpp"
#include "build/base_image.hpp"
#include "build/contexts.hpp"
#include "build/copy_step.hpp"
#include "build/layer_step.hpp"
#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// One instruction of a stage that is worked on.
struct StageStep {
  plan::Step plan;
  std::vector<layer::LayerFile> files;  ///< of its layer, in order; empty for steps without one
  PendingLayer layer{};                 ///< once it was started
  const BaseImage* source = nullptr;    ///< the image that COPY --from reads
  std::string unknown{};  ///< in a plan: what would have to be fetched before `files` are known
};

/// A stage that the target needs, from its base to its files.
struct StageWork {
  const plan::Stage* stage = nullptr;
  const BaseImage* image = nullptr;     ///< base image, when it starts from one
  std::optional<std::size_t> parent{};  ///< stage it starts from, when it starts from one
  plan::EvaluatedStage result;
  rootfs::View files;  ///< after the last step; of a stage that others look at
  /// A directory that it starts from is its first step, at the FROM line.
  std::vector<StageStep> steps;
  std::string unknown{};  ///< in a plan: why `files` are not known
};

/// All stages of a Dockerfile, by index; those the target does not need stay empty.
using Stages = std::vector<StageWork>;

/// What working on stages needs besides them.
struct StageInputs {
  const dockerfile::Dockerfile& file;
  const plan::StageGraph& graph;
  const plan::PlanInputs& plan;
  const FileTimes& file_times;
  const Contexts& contexts;
  BaseImages& images;
  Archives& archives;
  Downloads* downloads;  ///< null: files are not laid out
  support::Diagnostics& diagnostics;
};

/// The image that a FROM or COPY --from reads. Null when it reads something else, or when there is
/// none and `inputs.plan` lets bases be missing.
const BaseImage* image_of(const plan::Origin& origin, const StageInputs& inputs);

/// The ONBUILD texts of a base, as plan::add_triggers() asks for them.
std::vector<std::string> triggers_of(const plan::Origin& base, const StageInputs& inputs);

/// Finds the base of every needed stage, or of all if `inputs.plan` says so, and evaluates its
/// instructions.
Stages evaluate_stages(const StageInputs& inputs);

/// Gives every step its files. Reads directories, the indexes of base layers and archives that ADD
/// unpacks; no other content. Where `inputs` only look, steps may stay unknown.
void lay_out_files(Stages& stages, const StageInputs& inputs, CopyCounts& counts);

/// The stages whose steps make the image: the target and the stages it starts from, oldest first.
std::vector<std::size_t> chain_of(const Stages& stages, std::size_t target);

}  // namespace ocibuild::engine
