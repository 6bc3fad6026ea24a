// SPDX-License-Identifier: Apache-2.0
// What `pull -f` brings and the doctor asks for (docs/reference/registry.md, P13 and E5.1).
#include "build/needed_images.hpp"

#include <algorithm>

#include "build/archives.hpp"
#include "build/inputs.hpp"
#include "build/platform_build.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild::engine {

namespace {

class Collector {
public:
  Collector(const BuildRequest& request, Mistakes mistakes)
      : request_(request),
        mistakes_(mistakes),
        layout_(request.store),
        cache_(request.cache.empty() ? request.store / "cache" : request.cache),
        names_(request, layout_),
        images_(layout_, cache_, nullptr, {}),
        archives_(cache_, {}, {}) {}

  Needs run() {
    const Inputs inputs = read_dockerfile(request_);
    const dockerfile::Dockerfile file = parse_dockerfile(inputs, diagnostics_);
    throw_mistakes();
    for (std::optional<Platform>& platform : wanted_platforms(request_))
      collect(file, inputs.files, std::move(platform));
    return std::move(found_);
  }

private:
  /// `file`: by value, as triggers are added to it.
  void collect(dockerfile::Dockerfile file, const std::optional<rootfs::View>& context,
               std::optional<Platform> platform) {
    plan::PlanInputs inputs = names_.plan_inputs(std::move(platform));
    inputs.missing_bases = true;
    plan::StageGraph graph = plan::build_stage_graph(file, inputs, diagnostics_);
    throw_mistakes();
    const FileTimes times;
    const Contexts contexts(request_, {}, context, cache_);
    const StageInputs stage_inputs{file,    graph,     inputs,  times,       contexts,
                                   images_, archives_, nullptr, diagnostics_};
    const auto triggers = [&](const plan::Origin& base) { return triggers_of(base, stage_inputs); };
    plan::add_triggers(file, graph, inputs, triggers, diagnostics_);
    throw_mistakes();
    for (const std::size_t index : graph.needed) {
      const plan::Stage& stage = graph.stages[index];
      add(stage.base, contexts, inputs.platform);
      for (const auto& [instruction, origin] : stage.copies) add(origin, contexts, inputs.platform);
    }
    if (graph.needed.empty()) return;  // no such target
    for (const StageWork& work : evaluate_stages(stage_inputs)) {
      for (const StageStep& step : work.steps) add(step.plan);
      for (const plan::Download& download : work.result.more_downloads) add(download);
    }
    throw_mistakes();
  }

  void throw_mistakes() const {
    if (mistakes_ == Mistakes::thrown) plan::throw_mistakes(diagnostics_);
  }

  void add(const plan::Origin& origin, const Contexts& contexts,
           const std::optional<Platform>& wanted) {
    NeededImage image;
    if (const auto* from = std::get_if<plan::FromImage>(&origin)) {
      image = {from->name, from->platform ? from->platform : wanted};
    } else if (const auto* named = std::get_if<plan::FromNamedContext>(&origin)) {
      const auto* name = std::get_if<Reference>(&contexts.named(named->name));
      if (name == nullptr) return;
      image = {*name, named->platform ? named->platform : wanted};
    } else {
      return;
    }
    const bool known = std::ranges::any_of(found_.images, [&](const NeededImage& other) {
      return other.name == image.name && other.platform == image.platform;
    });
    if (!known) found_.images.push_back(std::move(image));
  }

  void add(const plan::Step& step) {
    const auto* copy = std::get_if<plan::CopyStep>(&step.action);
    if (copy != nullptr && copy->download) add(*copy->download);
  }

  void add(const plan::Download& download) {
    const bool known = std::ranges::any_of(found_.downloads, [&](const plan::Download& other) {
      return other.url.text == download.url.text;
    });
    if (!known) found_.downloads.push_back(download);
  }

  const BuildRequest& request_;
  const Mistakes mistakes_;
  support::Diagnostics diagnostics_;
  store::OciLayout layout_;
  store::BuildCache cache_;
  const ImageNames names_;
  BaseImages images_;
  Archives archives_;
  Needs found_;
};

}  // namespace

Needs find_needs(const BuildRequest& request, Mistakes mistakes) {
  return Collector(request, mistakes).run();
}

}  // namespace ocibuild::engine

namespace ocibuild {

std::vector<NeededImage> needed_images(const BuildRequest& request) {
  return engine::find_needs(request, engine::Mistakes::thrown).images;
}

}  // namespace ocibuild
