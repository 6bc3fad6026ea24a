// SPDX-License-Identifier: Apache-2.0
#include "build/stages.hpp"

#include <algorithm>

#include "build/workdir_step.hpp"
#include "plan/evaluator.hpp"
#include "rootfs/layer_index.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

void warn_platform(const BaseImage& image, const plan::FromImage& from,
                   const std::optional<Platform>& wanted, dockerfile::Findings& findings) {
  const std::optional<Platform>& asked = from.platform ? from.platform : wanted;
  const Platform& has = image.config.platform;
  if (!asked || (asked->os == has.os && asked->architecture == has.architecture)) return;
  findings.warning("InvalidBaseImagePlatform",
                   concat("the base image ", image.name.familiar(), " is for ", has.str(), ", not ",
                          asked->str()),
                   from.span);
}

/// State the stage starts with, from its base.
plan::StageStart start_of(StageWork& work, const Stages& stages, const LayoutInputs& inputs,
                          bool may_miss, dockerfile::Findings& findings) {
  plan::StageStart start;
  if (work.stage->base_wrong) {
    start.variables.open();
  } else if (const auto* from = std::get_if<plan::FromImage>(&work.stage->base)) {
    const auto& platform = inputs.request.platform;
    work.image = may_miss ? inputs.images.find_or_null(*from, platform, inputs.file.source)
                          : &inputs.images.find(*from, platform, inputs.file.source);
    if (work.image == nullptr) {
      start.variables.open();
      return start;
    }
    warn_platform(*work.image, *from, platform, findings);
    start.config = work.image->config.config;
    start.author = work.image->config.author;
  } else if (const auto* stage = std::get_if<plan::FromStage>(&work.stage->base)) {
    work.parent = stage->index;
    const plan::EvaluatedStage& parent = stages[stage->index].result;
    start = {parent.config, parent.author, parent.variables, parent.workdir_set};
  }
  return start;
}

std::shared_ptr<const rootfs::LayerIndex> index_of(const std::vector<layer::LayerFile>& files) {
  std::vector<rootfs::IndexedFile> indexed;
  indexed.reserve(files.size());
  std::vector<oci::RootfsPath> opaque;
  for (const layer::LayerFile& file : files) {
    if (file.entry.path.name() == layer::opaque_mark) {
      opaque.push_back(file.entry.path.parent());
    } else {
      indexed.push_back({.entry = file.entry, .content = file.content});
    }
  }
  return std::make_shared<rootfs::LayerIndex>(std::move(indexed), std::vector<oci::RootfsPath>{},
                                              std::move(opaque));
}

/// Gives the steps of one stage their files, each seeing what the ones before it made.
class StageLayout {
public:
  StageLayout(Stages& stages, const LayoutInputs& inputs, dockerfile::Findings& findings,
              CopyCounts& counts)
      : stages_(stages), inputs_(inputs), findings_(findings), counts_(counts) {}

  void run(StageWork& work) {
    work.files = base_files(work);
    for (StageStep& step : work.steps) {
      if (!step.plan.makes_layer()) continue;
      step.files = files_of(step.plan, work.files).finish();
      if (!step.files.empty()) work.files.add(index_of(step.files), nullptr, line_of(step.plan));
    }
  }

private:
  /// "Dockerfile:7"
  std::string line_of(const plan::Step& step) const {
    const dockerfile::Instruction& instruction = inputs_.file.instructions[step.instruction];
    return concat(inputs_.file.source.file(), ':', instruction.span.line);
  }

  rootfs::View base_files(const StageWork& work) {
    const bool looks = std::any_of(work.steps.begin(), work.steps.end(),
                                   [](const StageStep& step) { return step.plan.makes_layer(); });
    if (work.parent) return stages_[*work.parent].files;
    // A stage that others copy from is looked at even without steps of its own.
    if (work.image != nullptr && (looks || is_origin(work)))
      return inputs_.images.view(*work.image);
    return {};
  }

  bool is_origin(const StageWork& work) const {
    const auto index = static_cast<std::size_t>(&work - stages_.data());
    return std::any_of(stages_.begin(), stages_.end(), [&](const StageWork& other) {
      if (other.stage == nullptr) return false;
      if (other.parent == index) return true;
      return std::any_of(other.stage->copies.begin(), other.stage->copies.end(),
                         [&](const auto& copy) {
                           const auto* stage = std::get_if<plan::FromStage>(&copy.second);
                           return stage != nullptr && stage->index == index;
                         });
    });
  }

  layer::FileSet files_of(const plan::Step& step, const rootfs::View& image) {
    const StepPlace place{image, inputs_.request.file_times, findings_};
    if (const auto* workdir = std::get_if<plan::WorkdirStep>(&step.action))
      return workdir_files(*workdir, place);
    const auto& copy = std::get<plan::CopyStep>(step.action);
    return std::visit([&](const auto& from) { return copy_from(from, copy, place); }, copy.from);
  }

  layer::FileSet copy_from(const plan::FromContext&, const plan::CopyStep& step,
                           const StepPlace& place) {
    return copy_files(
        step,
        {inputs_.contexts.main(), &inputs_.contexts.main(), "the build context", &inputs_.archives},
        place, counts_);
  }
  layer::FileSet copy_from(const plan::FromScratch&, const plan::CopyStep& step,
                           const StepPlace& place) {
    return copy_files(step, {rootfs::View(), nullptr, "scratch, which is empty"}, place, counts_);
  }
  layer::FileSet copy_from(const plan::FromStage& from, const plan::CopyStep& step,
                           const StepPlace& place) {
    const StageWork& origin = stages_[from.index];
    const std::string name =
        origin.stage->name.empty() ? concat(from.index) : concat("'", origin.stage->name, "'");
    return copy_files(step, {origin.files, nullptr, concat("stage ", name)}, place, counts_);
  }
  layer::FileSet copy_from(const plan::FromNamedContext& from, const plan::CopyStep& step,
                           const StepPlace& place) {
    const context::ContextTree& tree = inputs_.contexts.named(from.name);
    return copy_files(step, {tree, &tree, concat("the build context '", from.name, "'")}, place,
                      counts_);
  }
  layer::FileSet copy_from(const plan::FromImage& from, const plan::CopyStep& step,
                           const StepPlace& place) {
    const BaseImage& image =
        inputs_.images.find(from, inputs_.request.platform, inputs_.file.source);
    const rootfs::View files = inputs_.images.view(image);
    return copy_files(step, {files, nullptr, concat("image ", image.name.familiar())}, place,
                      counts_);
  }

  Stages& stages_;
  const LayoutInputs& inputs_;
  dockerfile::Findings& findings_;
  CopyCounts& counts_;
};

/// A stage whose place a directory takes is never looked at, unless it is the target.
bool is_evaluated(std::size_t stage, const plan::StageGraph& graph,
                  const plan::PlanInputs& plan_inputs) {
  if (std::ranges::binary_search(graph.needed, stage)) return true;
  return plan_inputs.every_stage && !plan_inputs.contexts.contains(graph.stages[stage].name);
}

}  // namespace

Stages evaluate_stages(const LayoutInputs& inputs, const plan::PlanInputs& plan_inputs,
                       support::Diagnostics& diagnostics) {
  dockerfile::Findings findings(inputs.file.source, inputs.file.checks, diagnostics);
  Stages stages(inputs.graph.stages.size());
  for (std::size_t index = 0; index < stages.size(); ++index) {
    if (!is_evaluated(index, inputs.graph, plan_inputs)) continue;
    StageWork& work = stages[index];
    work.stage = &inputs.graph.stages[index];
    const plan::StageStart start =
        start_of(work, stages, inputs, plan_inputs.missing_bases, findings);
    work.result = plan::evaluate(inputs.file, inputs.graph, index, start, plan_inputs, diagnostics);
    for (const plan::Step& step : work.result.steps) work.steps.push_back({step, {}});
  }
  return stages;
}

void lay_out_files(Stages& stages, const LayoutInputs& inputs, dockerfile::Findings& findings,
                   CopyCounts& counts) {
  StageLayout layout(stages, inputs, findings, counts);
  for (const std::size_t index : inputs.graph.needed) layout.run(stages[index]);
}

std::vector<std::size_t> chain_of(const Stages& stages, std::size_t target) {
  std::vector<std::size_t> chain{target};
  while (stages[chain.back()].parent) chain.push_back(*stages[chain.back()].parent);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

}  // namespace ocibuild::engine
