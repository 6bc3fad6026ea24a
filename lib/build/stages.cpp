// SPDX-License-Identifier: Apache-2.0
#include "build/stages.hpp"

#include <algorithm>
#include <utility>

#include "build/not_here.hpp"
#include "build/workdir_step.hpp"
#include "oci/glob.hpp"
#include "plan/evaluator.hpp"
#include "rootfs/layer_index.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

void warn_platform(const BaseImage& image, const std::optional<Platform>& asked,
                   const dockerfile::Span& span, dockerfile::Findings& findings) {
  const Platform& has = image.config.platform;
  if (!asked || (asked->os == has.os && asked->architecture == has.architecture)) return;
  findings.warning(
      "InvalidBaseImagePlatform",
      concat("the base image ", image.title, " is for ", has.str(), ", not ", asked->str()), span);
}

/// The stage starts from `image`, which `from` names: an origin with a span and a platform. When
/// the image is missing, nothing is known of its variables.
template <typename From>
plan::StageStart start_from_image(const BaseImage* image, const From& from,
                                  const StageInputs& inputs, dockerfile::Findings& findings) {
  plan::StageStart start;
  if (image == nullptr) {
    start.variables.open();
    return start;
  }
  warn_platform(*image, from.platform ? from.platform : inputs.plan.platform, from.span, findings);
  start.config = image->config.config;
  start.author = image->config.author;
  return start;
}

/// State the stage starts with, from its base.
plan::StageStart start_of(StageWork& work, const Stages& stages, const StageInputs& inputs,
                          dockerfile::Findings& findings) {
  plan::StageStart start;
  if (work.stage->base_wrong) {
    start.variables.open();
    return start;
  }
  work.image = image_of(work.stage->base, inputs);
  const auto* context = std::get_if<plan::FromNamedContext>(&work.stage->base);
  if (const auto* from = std::get_if<plan::FromImage>(&work.stage->base)) {
    return start_from_image(work.image, *from, inputs, findings);
  } else if (context != nullptr && inputs.contexts.directory(context->name) == nullptr) {
    return start_from_image(work.image, *context, inputs, findings);
  } else if (context != nullptr) {
    start.config.working_dir.assign(1, '/');  // as from scratch
  } else if (const auto* stage = std::get_if<plan::FromStage>(&work.stage->base)) {
    work.parent = stage->index;
    const plan::EvaluatedStage& parent = stages[stage->index].result;
    start = {parent.config, parent.author, parent.variables, parent.workdir_set};
  }
  return start;
}

/// A directory as base: everything in it is copied to the root, in a layer of its own.
StageStep directory_step(const plan::Stage& stage, const plan::FromNamedContext& from) {
  const plan::Text all{"/", from.span};
  return {{.instruction = stage.from,
           .created_by = concat("FROM ", from.name),
           .action = plan::CopyStep{.from = from,
                                    .sources = {all},
                                    .destination = {},
                                    .destination_is_directory = true,
                                    .destination_text = all,
                                    .chown = {},
                                    .chmod = {}}},
          {}};
}

/// The files of a step, which live as long as the build.
class StepFiles final : public rootfs::FileSource {
public:
  explicit StepFiles(const std::vector<layer::LayerFile>& files) : files_(files) {}
  std::size_t size() const override { return files_.size(); }
  std::string_view path(std::size_t index) const override { return files_[index].entry.path.str(); }
  rootfs::IndexedFile file(std::size_t index) const override {
    return {.entry = files_[index].entry, .content = files_[index].content};
  }

private:
  const std::vector<layer::LayerFile>& files_;
};

/// Of files among which are marks of opaque directories.
std::shared_ptr<const rootfs::LayerIndex> index_with_marks(
    const std::vector<layer::LayerFile>& files) {
  std::vector<rootfs::IndexedFile> indexed;
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

/// `files` must not move while the index is there.
std::shared_ptr<const rootfs::LayerIndex> index_of(const std::vector<layer::LayerFile>& files) {
  std::vector<oci::RootfsPath> link_targets;
  for (const layer::LayerFile& file : files) {
    if (file.entry.path.str().ends_with(layer::opaque_mark)) return index_with_marks(files);
    if (file.entry.type == oci::EntryType::hard_link)
      link_targets.emplace_back(file.entry.link_target);
  }
  return std::make_shared<rootfs::LayerIndex>(std::make_shared<StepFiles>(files),
                                              std::move(link_targets));
}

/// Gives the steps of one stage their files, each seeing what the ones before it made.
class StageLayout {
public:
  StageLayout(Stages& stages, const StageInputs& inputs, dockerfile::Findings& findings,
              CopyCounts& counts)
      : stages_(stages), inputs_(inputs), findings_(findings), counts_(counts) {}

  void run(StageWork& work) {
    try {
      work.files = base_files(work);
    } catch (const NotHere& missing) {
      return give_up(work, 0, missing);
    }
    const StageStep* waiting = nullptr;  // its files are shown to whoever comes next
    const auto show = [&] {
      if (waiting == nullptr || waiting->files.empty()) return;
      work.files.add(index_of(waiting->files), nullptr, line_of(waiting->plan));
    };
    for (StageStep& step : work.steps) {
      if (!step.plan.makes_layer()) continue;
      show();
      try {
        step.files = files_of(step.plan, work.files).finish();
      } catch (const NotHere& missing) {
        step.source = std::exchange(source_, nullptr);
        return give_up(work, static_cast<std::size_t>(&step - work.steps.data()), missing);
      }
      step.source = std::exchange(source_, nullptr);
      waiting = &step;
    }
    if (is_origin(work)) show();
  }

private:
  /// Each step sees what those before it made.
  static void give_up(StageWork& work, std::size_t from, const NotHere& missing) {
    work.unknown = missing.what;
    for (std::size_t i = from; i < work.steps.size(); ++i) {
      if (work.steps[i].plan.makes_layer()) work.steps[i].unknown = missing.what;
    }
  }

  /// "Dockerfile:7"
  std::string line_of(const plan::Step& step) const {
    const dockerfile::Instruction& instruction = inputs_.file.instructions[step.instruction];
    return concat(inputs_.file.source.file(), ':', instruction.span.line);
  }

  rootfs::View base_files(const StageWork& work) {
    const bool looks = std::any_of(work.steps.begin(), work.steps.end(),
                                   [](const StageStep& step) { return step.plan.makes_layer(); });
    if (work.parent) return known(stages_[*work.parent]).files;
    // A stage that others copy from is looked at even without steps of its own.
    if (work.image != nullptr && (looks || is_origin(work)))
      return inputs_.images.view(*work.image);
    return {};
  }

  static const StageWork& known(const StageWork& work) {
    if (!work.unknown.empty()) throw NotHere{work.unknown};
    return work;
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
    const StepPlace place{image, inputs_.file_times, findings_};
    if (const auto* workdir = std::get_if<plan::WorkdirStep>(&step.action))
      return workdir_files(*workdir, place);
    const auto& copy = std::get<plan::CopyStep>(step.action);
    return std::visit([&](const auto& from) { return copy_from(from, copy, place); }, copy.from);
  }

  layer::FileSet copy_from(const plan::FromContext&, const plan::CopyStep& step,
                           const StepPlace& place) {
    return copy_files(step,
                      {inputs_.contexts.main(), inputs_.contexts.main_directory(),
                       "the build context", &inputs_.archives, inputs_.downloads, true},
                      place, counts_);
  }
  layer::FileSet copy_from(const plan::FromScratch&, const plan::CopyStep& step,
                           const StepPlace& place) {
    return copy_files(step, {rootfs::View(), nullptr, "scratch, which is empty"}, place, counts_);
  }
  layer::FileSet copy_from(const plan::FromStage& from, const plan::CopyStep& step,
                           const StepPlace& place) {
    const StageWork& origin = known(stages_[from.index]);
    const std::string name =
        origin.stage->name.empty() ? concat(from.index) : concat("'", origin.stage->name, "'");
    return copy_files(step, {origin.files, nullptr, concat("stage ", name)}, place, counts_);
  }
  layer::FileSet copy_from(const plan::FromNamedContext& from, const plan::CopyStep& step,
                           const StepPlace& place) {
    const context::ContextTree* tree = inputs_.contexts.directory(from.name);
    if (tree == nullptr) return copy_from_image(step, place);
    return copy_files(
        step, {*tree, tree, concat("the build context '", from.name, "'"), nullptr, nullptr, true},
        place, counts_);
  }
  layer::FileSet copy_from(const plan::FromImage&, const plan::CopyStep& step,
                           const StepPlace& place) {
    return copy_from_image(step, place);
  }
  layer::FileSet copy_from_image(const plan::CopyStep& step, const StepPlace& place) {
    const BaseImage& image = *image_of(step.from, inputs_);
    source_ = &image;
    const rootfs::View files = inputs_.images.view(image);
    return copy_files(step, {files, nullptr, concat("image ", image.title)}, place, counts_);
  }

  Stages& stages_;
  const StageInputs& inputs_;
  dockerfile::Findings& findings_;
  CopyCounts& counts_;
  const BaseImage* source_ = nullptr;  // of the step that is worked on
};

/// Tells the build context which of its directories will be copied: it can read those of one step
/// while the files of another find their places.
void expect_sources(const Stages& stages, const StageInputs& inputs) {
  const context::ContextTree* const context = inputs.contexts.main_directory();
  if (context == nullptr) return;
  std::vector<oci::RootfsPath> sources;
  for (const std::size_t index : inputs.graph.needed) {
    for (const StageStep& step : stages[index].steps) {
      const auto* copy = std::get_if<plan::CopyStep>(&step.plan.action);
      if (copy == nullptr || !std::holds_alternative<plan::FromContext>(copy->from)) continue;
      for (const plan::Text& source : copy->sources) {
        if (!oci::has_wildcard(source.text)) sources.emplace_back(source.text);
      }
    }
  }
  if (sources.size() > 1) context->expect(sources);
}

}  // namespace

const BaseImage* image_of(const plan::Origin& origin, const StageInputs& inputs) {
  const auto& wanted = inputs.plan.platform;
  try {
    if (const auto* from = std::get_if<plan::FromImage>(&origin))
      return &inputs.images.find(*from, wanted, inputs.file.source);
    const auto* from = std::get_if<plan::FromNamedContext>(&origin);
    if (from == nullptr || inputs.contexts.directory(from->name) != nullptr) return nullptr;
    return &inputs.images.find(*from, inputs.contexts.named(from->name), wanted,
                               inputs.file.source);
  } catch (const Error&) {
    if (!inputs.plan.missing_bases) throw;
    return nullptr;
  }
}

std::vector<std::string> triggers_of(const plan::Origin& base, const StageInputs& inputs) {
  const BaseImage* image = image_of(base, inputs);
  return image == nullptr ? std::vector<std::string>() : image->config.config.on_build;
}

Stages evaluate_stages(const StageInputs& inputs) {
  dockerfile::Findings findings(inputs.file.source, inputs.file.checks, inputs.diagnostics);
  Stages stages(inputs.graph.stages.size());
  for (std::size_t index = 0; index < stages.size(); ++index) {
    const bool needed = std::ranges::binary_search(inputs.graph.needed, index);
    if (!needed && !inputs.plan.every_stage) continue;
    StageWork& work = stages[index];
    work.stage = &inputs.graph.stages[index];
    const plan::StageStart start = start_of(work, stages, inputs, findings);
    work.result =
        plan::evaluate(inputs.file, inputs.graph, index, start, inputs.plan, inputs.diagnostics);
    const auto* context = std::get_if<plan::FromNamedContext>(&work.stage->base);
    if (context != nullptr && inputs.contexts.directory(context->name) != nullptr)
      work.steps.push_back(directory_step(*work.stage, *context));
    for (const plan::Step& step : work.result.steps) work.steps.push_back({step, {}});
  }
  return stages;
}

void lay_out_files(Stages& stages, const StageInputs& inputs, CopyCounts& counts) {
  dockerfile::Findings findings(inputs.file.source, inputs.file.checks, inputs.diagnostics);
  expect_sources(stages, inputs);
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
