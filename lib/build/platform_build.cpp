// SPDX-License-Identifier: Apache-2.0
#include "build/platform_build.hpp"

#include <algorithm>

#include "build/assembly.hpp"
#include "build/copy_lint.hpp"
#include "build/image_planner.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

/// Waits for the layers of one stage after the other.
class ChainMaker {
public:
  /// `history`: explains what is made; may be null.
  ChainMaker(const dockerfile::Dockerfile& file, Assembly& image, Reporter& reporter,
             LayerHistory* history)
      : file_(file), image_(image), reporter_(reporter), history_(history) {}

  /// `anew`: the layers of this stage.
  void make(const StageWork& work, bool anew) {
    reporter_.base(work);
    for (const StageStep& step : work.steps) {
      if (step.files.empty()) {
        image_.add_step(step.plan.created_by);
        reporter_.step(work, step, nullptr, {});
        continue;
      }
      reporter_.starts(work, step);
      const StoredLayer& layer = step.layer.get();
      image_.add_layer(step.plan.created_by, layer, file_.source.file(),
                       file_.instructions[step.plan.instruction]);
      std::vector<RebuildCause> causes;
      if (history_ != nullptr && !layer.cached) causes = history_->explain(work, step, anew);
      reporter_.step(work, step, &layer, layer.took, std::move(causes));
    }
  }

private:
  const dockerfile::Dockerfile& file_;
  Assembly& image_;
  Reporter& reporter_;
  LayerHistory* const history_;
};

bool is_named(const plan::Stage& stage, const std::vector<std::string>& names) {
  return std::ranges::any_of(
      names, [&](const std::string& name) { return support::to_lower(name) == stage.name; });
}

void check_names(const std::vector<plan::Stage>& stages, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto is_this = [&](const plan::Stage& stage) { return is_named(stage, {name}); };
    if (std::ranges::any_of(stages, is_this)) continue;
    Error error(Errc::usage, "stage-unknown",
                support::concat("no stage is called ", support::quote(name),
                                ", whose layers are to be made anew"));
    std::vector<std::string> known;
    for (const plan::Stage& stage : stages) {
      if (!stage.name.empty()) known.push_back(stage.name);
    }
    if (const auto near = closest_match(name, known))
      error.help(support::concat("did you mean ", support::quote(*near), "?"));
    throw error;
  }
}

}  // namespace

std::vector<std::optional<Platform>> wanted_platforms(const BuildRequest& request) {
  std::vector<std::optional<Platform>> wanted;
  for (const Platform& platform : request.platforms) {
    if (std::find(wanted.begin(), wanted.end(), platform) == wanted.end())
      wanted.emplace_back(platform);
  }
  if (wanted.empty()) wanted.emplace_back();
  return wanted;
}

PlatformBuild::PlatformBuild(const SharedWork& shared, std::optional<Platform> platform)
    : shared_(shared),
      plan_inputs_(shared.names.plan_inputs(std::move(platform))),
      file_(shared.file) {}

StageInputs PlatformBuild::inputs() const {
  return {file_,
          graph_,
          plan_inputs_,
          shared_.request.file_times,
          shared_.contexts,
          shared_.images,
          shared_.archives,
          &shared_.downloads,
          shared_.diagnostics};
}

void PlatformBuild::find_stages() {
  graph_ = plan::build_stage_graph(file_, plan_inputs_, shared_.diagnostics);
  if (shared_.diagnostics.errors().empty())
    check_names(graph_.stages, shared_.request.no_cache_stages);
}

void PlatformBuild::add_triggers() {
  const auto triggers = [&](const plan::Origin& base) { return triggers_of(base, inputs()); };
  plan::add_triggers(file_, graph_, plan_inputs_, triggers, shared_.diagnostics);
}

void PlatformBuild::evaluate() {
  stages_ = evaluate_stages(inputs());
}

void PlatformBuild::place_files(CopyCounts& counts) {
  lay_out_files(stages_, inputs(), counts);
}

void PlatformBuild::warn_ignored() const {
  const context::ContextTree* directory = shared_.contexts.main_directory();
  if (directory == nullptr) return;
  dockerfile::Findings findings(file_.source, file_.checks, shared_.diagnostics);
  warn_ignored_sources(stages_, directory->rules(), findings);
}

void PlatformBuild::start_layers(LayerMaker& maker) {
  for (const std::size_t index : chain_of(stages_, graph_.target)) {
    const bool anew = is_made_anew(stages_[index]);
    for (StageStep& step : stages_[index].steps) {
      if (!step.files.empty()) step.layer = maker.start(step.files, anew);
    }
  }
}

std::vector<store::LayerRecord> PlatformBuild::layers_of(const BaseImage& base) const {
  std::vector<store::LayerRecord> out;
  for (std::size_t i = 0; i < base.manifest.layers.size(); ++i) {
    const Descriptor& layer = base.manifest.layers[i];
    out.push_back({layer, base.config.diff_ids[i], shared_.images.unpacked(layer.digest)});
  }
  Recompression* const recompression = shared_.recompression;
  if (recompression == nullptr) return out;
  std::vector<Descriptor> changing = base.manifest.layers;
  std::erase_if(changing, [&](const Descriptor& layer) { return !recompression->concerns(layer); });
  shared_.images.fetch(base, changing);
  recompression->convert(out);
  return out;
}

bool PlatformBuild::is_made_anew(const StageWork& work) const {
  return is_named(*work.stage, shared_.request.no_cache_stages);
}

Reporter PlatformBuild::reporter() const {
  const bool one_of_several = shared_.request.platforms.size() > 1;
  return Reporter(shared_.events, file_, shared_.images,
                  one_of_several ? plan_inputs_.platform->str() : "");
}

LayerHistory PlatformBuild::history(const LayerMaker& maker, const BaseImage* base) const {
  return LayerHistory({.request = shared_.request,
                       .cache = shared_.cache,
                       .blobs = shared_.blobs,
                       .file = file_,
                       .graph = graph_,
                       .project = shared_.project,
                       .platform = plan_inputs_.platform ? plan_inputs_.platform->str() : "",
                       .base = base,
                       .format = maker.format(),
                       .stop = shared_.stop});
}

PlatformResult PlatformBuild::make_image(const LayerMaker& maker) {
  const std::vector<std::size_t> chain = chain_of(stages_, graph_.target);
  Reporter reporter = this->reporter();
  for (const std::size_t index : graph_.needed) {
    if (std::find(chain.begin(), chain.end(), index) == chain.end())
      reporter.stage_without_layers(stages_[index]);
  }
  const BaseImage* base = stages_[chain.front()].image;
  if (base != nullptr) shared_.images.keep_layers(*base, shared_.request.keep_base_layers);
  shared_.images.keep_names();
  Assembly image(shared_.request, plan_inputs_.platform, base,
                 base != nullptr ? layers_of(*base) : std::vector<store::LayerRecord>());
  LayerHistory history = this->history(maker, base);
  ChainMaker chain_maker(file_, image, reporter, shared_.request.explain ? &history : nullptr);
  for (const std::size_t index : chain)
    chain_maker.make(stages_[index], is_made_anew(stages_[index]));
  for (const std::size_t index : chain) history.remember(stages_[index]);
  return std::move(image).finish(stages_[graph_.target].result, shared_.blobs);
}

void PlatformBuild::plan_image(LayerMaker& maker, BuildPlan& plan) {
  const std::vector<std::size_t> chain = chain_of(stages_, graph_.target);
  Reporter reporter = this->reporter();
  for (const std::size_t index : graph_.needed) reporter.base(stages_[index]);
  const BaseImage* base = stages_[chain.front()].image;
  LayerHistory history = this->history(maker, base);
  ImagePlanner planner({shared_.request, file_, shared_.images, shared_.blobs, shared_.cache, maker,
                        history, shared_.recompression},
                       plan);
  planner.begin(base, plan_inputs_.platform);
  for (const std::size_t index : chain) planner.add(stages_[index], is_made_anew(stages_[index]));
  for (const std::size_t index : graph_.needed) planner.add_downloads(stages_[index]);
}

}  // namespace ocibuild::engine
