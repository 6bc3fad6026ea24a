// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>

#include <ocibuild/build.hpp>
#include <ocibuild/plan.hpp>

#include "build/archives.hpp"
#include "build/assembly.hpp"
#include "build/inputs.hpp"
#include "build/platform_build.hpp"
#include "store/hold.hpp"
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
  /// `fetching`: documents for plan(), all for run().
  Engine(const BuildRequest& request, EventSink& events, std::stop_token stop, Fetching fetching)
      : request_(request),
        events_(events),
        stop_(std::move(stop)),
        fetching_(fetching),
        layout_(request.store),
        cache_(request.cache.empty() ? request.store / "cache" : request.cache,
               {.finds = request.use_cache, .puts = fetching == Fetching::all}),
        remote_(request, events, stop_),
        names_(request, layout_),
        shared_caches_(request, layout_.blobs(), cache_, events, stop_, fetching),
        images_(layout_, cache_, &remote_, stop_, &shared_caches_, fetching),
        archives_(cache_, scratch_of(layout_.blobs(), fetching), stop_),
        downloads_(request, layout_.blobs(), cache_, events, stop_, fetching) {
    if (!request.force_compression) return;
    const SentCompression wanted{.form = request.compression, .level = request.compression_level};
    recompression_.emplace(wanted, jobs_of(request), layout_.blobs(), cache_, events, stop_);
  }

  BuildResult run() {
    const auto start = Clock::now();
    std::shared_ptr<const store::Hold> hold;
    BuildResult result;
    prepare(hold, [&](Builds& builds, Contexts& contexts) {
      result = make_images(builds);
      name_image(result.manifest);
      contexts.save_known_contents();
    });
    result.looked_into = images_.looked_into();
    result.warnings = warnings();
    result.downloaded =
        remote_.downloaded() + downloads_.downloaded() + shared_caches_.downloaded();
    result.hold = hold;
    result.took = Clock::now() - start;
    return result;
  }

  BuildPlan plan() {
    std::shared_ptr<const store::Hold> hold;
    BuildPlan out;
    prepare(hold, [&](Builds& builds, Contexts&) {
      LayerMaker maker(request_, layout_.blobs(), cache_, shared_caches_, stop_);
      for (PlatformBuild& build : builds) build.plan_image(maker, out);
    });
    out.warnings = warnings();
    return out;
  }

private:
  using Builds = std::deque<PlatformBuild>;

  /// All stages up to the first layer; then `use` does the rest.
  void prepare(std::shared_ptr<const store::Hold>& hold,
               const std::function<void(Builds&, Contexts&)>& use) {
    check_annotations(request_);
    Inputs inputs = read_inputs(request_, fetching_);
    const dockerfile::Dockerfile file = parse(inputs);
    hold = std::make_shared<const store::Hold>(fetching_ == Fetching::all
                                                   ? store::Hold::shared(layout_, stop_)
                                                   : store::Hold::without_trace(layout_, stop_));
    std::string project = project_of(inputs);
    Contexts contexts(request_, std::move(inputs.rules), std::move(inputs.files), cache_);
    const SharedWork shared{request_,
                            file,
                            names_,
                            contexts,
                            images_,
                            archives_,
                            downloads_,
                            layout_.blobs(),
                            cache_,
                            recompression_ ? &*recompression_ : nullptr,
                            std::move(project),
                            diagnostics_,
                            events_,
                            stop_};
    Builds builds = find_stages(shared);
    evaluate(builds);
    place_files(builds, shared);
    use(builds, contexts);
  }

  /// One Dockerfile with one context, on this machine.
  std::string project_of(const Inputs& inputs) const {
    const std::filesystem::path file =
        inputs.path.empty() ? std::filesystem::path(inputs.name) : inputs.path;
    const auto clean = [](const std::filesystem::path& path) {
      const auto normal = std::filesystem::absolute(path).lexically_normal();
      return (normal.has_filename() ? normal : normal.parent_path()).string();
    };
    return support::concat(clean(request_.context), '\n', clean(file));
  }

  std::vector<Diagnostic> warnings() const {
    std::vector<Diagnostic> out = diagnostics_.warnings();
    const auto& of_caches = shared_caches_.warnings();
    out.insert(out.end(), of_caches.begin(), of_caches.end());
    return out;
  }

  dockerfile::Dockerfile parse(const Inputs& inputs) {
    dockerfile::Dockerfile file = parse_dockerfile(inputs, diagnostics_);
    diagnostics_.throw_errors();
    events_.on_event(DockerfileRead{inputs.name, file.instructions.size()});
    return file;
  }

  Builds find_stages(const SharedWork& shared) {
    Builds builds;
    for (std::optional<Platform>& platform : wanted_platforms(request_))
      builds.emplace_back(shared, std::move(platform)).find_stages();
    report_findings();
    for (PlatformBuild& build : builds) build.add_triggers();
    report_findings();
    return builds;
  }

  void evaluate(Builds& builds) {
    for (PlatformBuild& build : builds) build.evaluate();
    report_findings();
  }

  void place_files(Builds& builds, const SharedWork& shared) {
    CopyCounts counts;
    for (PlatformBuild& build : builds) build.place_files(counts);
    dockerfile::Findings findings(shared.file.source, shared.file.checks, diagnostics_);
    for (const std::string& socket : shared.contexts.sockets()) {
      findings.warning("socket-skipped",
                       support::concat("the socket ", support::quote(socket), " is not copied"));
    }
    report_findings();
    // Where a file that is named is hidden there was an error: what is left are patterns.
    for (const PlatformBuild& build : builds) build.warn_ignored();
    report_findings();
    const context::ContextTree* directory = shared.contexts.main_directory();
    events_.on_event(ContextRead{request_.context.string(), counts.files, counts.bytes,
                                 directory != nullptr ? directory->ignored() : 0});
  }

  BuildResult make_images(Builds& builds) {
    LayerMaker maker(request_, layout_.blobs(), cache_, shared_caches_,
                     stop_);  // goes before the files do
    for (PlatformBuild& build : builds) build.start_layers(maker);
    std::vector<PlatformResult> images;
    for (PlatformBuild& build : builds) images.push_back(build.make_image(maker));
    return join(std::move(images), request_, layout_.blobs());
  }

  void name_image(const Descriptor& manifest) {
    support::throw_if_stopped(stop_);
    for (const Reference& name : request_.names) {
      layout_.set_name(manifest, name.str());
      events_.on_event(ImageDone{name.str(), manifest.digest.str()});
    }
    if (!request_.names.empty()) return;
    if (request_.keep_nameless) layout_.set_name(manifest, {});
    events_.on_event(ImageDone{"", manifest.digest.str()});
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
  const Fetching fetching_;
  store::OciLayout layout_;
  const store::BuildCache cache_;
  RemoteBases remote_;
  const ImageNames names_;
  SharedCaches shared_caches_;
  BaseImages images_;
  Archives archives_;
  Downloads downloads_;
  std::optional<Recompression> recompression_{};  // absent: base layers stay as they are
  support::Diagnostics diagnostics_;
  std::size_t reported_ = 0;  // warnings that were sent as events
};

}  // namespace

}  // namespace ocibuild::engine

namespace ocibuild {

BuildResult build(const BuildRequest& request, EventSink& events, std::stop_token stop) {
  return engine::Engine(request, events, std::move(stop), engine::Fetching::all).run();
}

BuildPlan plan_build(const BuildRequest& request, EventSink& events, std::stop_token stop) {
  return engine::Engine(request, events, std::move(stop), engine::Fetching::documents).plan();
}

}  // namespace ocibuild
