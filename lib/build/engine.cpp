// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include <ocibuild/build.hpp>

#include "build/archives.hpp"
#include "build/assembly.hpp"
#include "build/copy_lint.hpp"
#include "build/inputs.hpp"
#include "build/layer_step.hpp"
#include "build/report.hpp"
#include "build/stages.hpp"
#include "dockerfile/parser.hpp"
#include "store/oci_layout.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

// The namespace is not called after the directory, because build is the library's function.
namespace ocibuild::engine {

namespace {

using Clock = std::chrono::steady_clock;

/// One build; run() is the list of its stages.
class Engine {
public:
  Engine(const BuildRequest& request, EventSink& events, std::stop_token stop)
      : request_(request),
        events_(events),
        stop_(std::move(stop)),
        layout_(request.store),
        cache_(request.cache.empty() ? request.store / "cache" : request.cache),
        images_(layout_, cache_, stop_),
        archives_(cache_, layout_.blobs().temp_directory(), stop_) {}

  BuildResult run() {
    const auto start = Clock::now();
    Inputs inputs = read_inputs(request_);
    dockerfile::Dockerfile file = parse(inputs);
    const plan::StageGraph graph = find_stages(file);
    Contexts contexts(request_, std::move(inputs.rules), cache_);
    const LayoutInputs layout{file, graph, request_, contexts, images_, archives_};
    Stages stages = evaluate(layout);
    place_files(stages, layout);
    BuildResult result = make_image(stages, layout);
    name_image(result.manifest);
    contexts.save_known_contents();
    result.warnings = diagnostics_.warnings();
    result.took = Clock::now() - start;
    return result;
  }

private:
  plan::PlanInputs plan_inputs() const {
    return {.target = request_.target,
            .build_args = request_.build_args,
            .platform = request_.platform,
            .contexts = Contexts::names_of(request_)};
  }

  dockerfile::Dockerfile parse(const Inputs& inputs) {
    dockerfile::Dockerfile file = dockerfile::parse(inputs.name, inputs.text, diagnostics_);
    diagnostics_.throw_errors();
    events_.on_event(DockerfileRead{inputs.name, file.instructions.size()});
    return file;
  }

  /// What the bases left to do becomes part of `file`.
  plan::StageGraph find_stages(dockerfile::Dockerfile& file) {
    plan::StageGraph graph = plan::build_stage_graph(file, plan_inputs(), diagnostics_);
    report_findings();
    const auto triggers_of = [&](const plan::FromImage& base) {
      return images_.find(base, request_.platform, file.source).config.config.on_build;
    };
    plan::add_triggers(file, graph, plan_inputs(), triggers_of, diagnostics_);
    report_findings();
    return graph;
  }

  Stages evaluate(const LayoutInputs& layout) {
    Stages stages = evaluate_stages(layout, plan_inputs(), diagnostics_);
    report_findings();
    return stages;
  }

  void place_files(Stages& stages, const LayoutInputs& layout) {
    CopyCounts counts;
    dockerfile::Findings findings(layout.file.source, layout.file.checks, diagnostics_);
    lay_out_files(stages, layout, findings, counts);
    for (const std::string& socket : layout.contexts.sockets()) {
      findings.warning("socket-skipped",
                       support::concat("the socket ", support::quote(socket), " is not copied"));
    }
    report_findings();
    // Where a file that is named is hidden there was an error: what is left are patterns.
    warn_ignored_sources(stages, layout.contexts.main().rules(), findings);
    report_findings();
    events_.on_event(ContextRead{request_.context.string(), counts.files, counts.bytes,
                                 layout.contexts.main().ignored()});
  }

  /// Makes the layers of the target and of the stages it starts from; the others only served COPY
  /// --from.
  BuildResult make_image(const Stages& stages, const LayoutInputs& layout) {
    const std::vector<std::size_t> chain = chain_of(stages, layout.graph.target);
    Reporter reporter(events_, layout.file, images_);
    for (const std::size_t index : layout.graph.needed) {
      if (std::find(chain.begin(), chain.end(), index) == chain.end())
        reporter.stage_without_layers(stages[index]);
    }
    Assembly image(request_, stages[chain.front()].image, images_);
    LayerMaker maker(request_, layout_.blobs(), cache_, stop_);
    for (const std::size_t index : chain)
      make_layers(stages[index], layout.file, maker, image, reporter);
    return std::move(image).finish(stages[layout.graph.target].result, layout_.blobs());
  }

  void make_layers(const StageWork& work, const dockerfile::Dockerfile& file, LayerMaker& maker,
                   Assembly& image, Reporter& reporter) {
    reporter.base(work);
    for (const StageStep& step : work.steps) {
      const auto start = Clock::now();
      if (step.files.empty()) {
        image.add_step(step.plan.created_by);
        reporter.step(work, step, nullptr, {});
        continue;
      }
      const StoredLayer layer = maker.make(step.files);
      image.add_layer(step.plan.created_by, layer, file.source.file(),
                      file.instructions[step.plan.instruction]);
      reporter.step(work, step, &layer, Clock::now() - start);
    }
  }

  void name_image(const Descriptor& manifest) {
    support::throw_if_stopped(stop_);
    for (const Reference& name : request_.names) {
      layout_.set_name(manifest, name.str());
      events_.on_event(ImageDone{name.str(), manifest.digest.str()});
    }
    if (request_.names.empty()) events_.on_event(ImageDone{"", manifest.digest.str()});
  }

  /// Warnings that are new become events; errors end the build, all together.
  void report_findings() {
    for (; reported_ < diagnostics_.warnings().size(); ++reported_) {
      events_.on_event(Warning{diagnostics_.warnings()[reported_]});
    }
    diagnostics_.throw_errors();
    support::throw_if_stopped(stop_);
  }

  const BuildRequest& request_;
  EventSink& events_;
  const std::stop_token stop_;
  store::OciLayout layout_;
  const store::BuildCache cache_;
  BaseImages images_;
  Archives archives_;
  support::Diagnostics diagnostics_;
  std::size_t reported_ = 0;  // warnings that were sent as events
};

}  // namespace

}  // namespace ocibuild::engine

namespace ocibuild {

BuildResult build(const BuildRequest& request, EventSink& events, std::stop_token stop) {
  return engine::Engine(request, events, std::move(stop)).run();
}

}  // namespace ocibuild
