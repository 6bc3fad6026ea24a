// SPDX-License-Identifier: Apache-2.0
// What `pull -f` brings (docs/reference/registry.md, P13).
#include <algorithm>

#include <ocibuild/build.hpp>

#include "build/archives.hpp"
#include "build/inputs.hpp"
#include "build/platform_build.hpp"
#include "dockerfile/parser.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild::engine {

namespace {

class Collector {
public:
  explicit Collector(const BuildRequest& request)
      : request_(request),
        layout_(request.store),
        cache_(request.cache.empty() ? request.store / "cache" : request.cache),
        images_(layout_, cache_, nullptr, {}),
        archives_(cache_, {}, {}) {}

  std::vector<NeededImage> run() {
    const Inputs inputs = read_dockerfile(request_);
    const dockerfile::Dockerfile file = dockerfile::parse(inputs.name, inputs.text, diagnostics_);
    diagnostics_.throw_errors();
    for (std::optional<Platform>& platform : wanted_platforms(request_))
      collect(file, std::move(platform));
    return std::move(found_);
  }

private:
  /// `file`: by value, as triggers are added to it.
  void collect(dockerfile::Dockerfile file, std::optional<Platform> platform) {
    const plan::PlanInputs inputs{.target = request_.target,
                                  .build_args = request_.build_args,
                                  .platform = std::move(platform),
                                  .contexts = Contexts::keys_of(request_),
                                  .missing_bases = true};
    plan::StageGraph graph = plan::build_stage_graph(file, inputs, diagnostics_);
    throw_mistakes();
    const FileTimes times;
    const Contexts contexts(request_, {}, cache_);
    const StageInputs stage_inputs{file,    graph,     inputs,  times,       contexts,
                                   images_, archives_, nullptr, diagnostics_};
    const auto triggers_of = [&](const plan::Origin& base) -> std::vector<std::string> {
      const BaseImage* image = image_of(base, stage_inputs);
      return image == nullptr ? std::vector<std::string>() : image->config.config.on_build;
    };
    plan::add_triggers(file, graph, inputs, triggers_of, diagnostics_);
    throw_mistakes();
    for (const std::size_t index : graph.needed) {
      const plan::Stage& stage = graph.stages[index];
      add(stage.base, inputs.platform);
      for (const auto& [instruction, origin] : stage.copies) add(origin, inputs.platform);
    }
  }

  void throw_mistakes() const {
    const bool mistaken = std::ranges::any_of(
        diagnostics_.errors(),
        [](const Diagnostic& diagnostic) { return diagnostic.id != "run-unsupported"; });
    if (mistaken) diagnostics_.throw_errors();
  }

  void add(const plan::Origin& origin, const std::optional<Platform>& wanted) {
    NeededImage image;
    if (const auto* from = std::get_if<plan::FromImage>(&origin)) {
      image = {from->name, from->platform ? from->platform : wanted};
    } else if (const auto* named = std::get_if<plan::FromNamedContext>(&origin)) {
      const auto context = request_.build_contexts.find(named->name);
      const auto* name = context == request_.build_contexts.end()
                             ? nullptr
                             : std::get_if<Reference>(&context->second);
      if (name == nullptr) return;
      image = {*name, named->platform ? named->platform : wanted};
    } else {
      return;
    }
    const bool known = std::ranges::any_of(found_, [&](const NeededImage& other) {
      return other.name == image.name && other.platform == image.platform;
    });
    if (!known) found_.push_back(std::move(image));
  }

  const BuildRequest& request_;
  support::Diagnostics diagnostics_;
  store::OciLayout layout_;
  store::BuildCache cache_;
  BaseImages images_;
  Archives archives_;
  std::vector<NeededImage> found_;
};

}  // namespace

}  // namespace ocibuild::engine

namespace ocibuild {

std::vector<NeededImage> needed_images(const BuildRequest& request) {
  return engine::Collector(request).run();
}

}  // namespace ocibuild
