// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include <ocibuild/check.hpp>

#include "build/archives.hpp"
#include "build/copy_lint.hpp"
#include "build/inputs.hpp"
#include "build/platform_build.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild::engine {

namespace {

/// One check; run() is the list of its stages.
class Checker {
public:
  explicit Checker(const BuildRequest& request) : request_(request) {}

  CheckResult run() {
    Inputs inputs = read_dockerfile(request_);
    read_rules(inputs);
    const dockerfile::Dockerfile file = parse_dockerfile(inputs, diagnostics_);
    if (has_meaning(file)) check_stages(file, inputs);
    return result(inputs);
  }

private:
  /// A mistake in the ignore file is one finding among others.
  void read_rules(Inputs& inputs) {
    try {
      read_ignore_rules(request_, inputs);
    } catch (const Error& error) {
      for (const Diagnostic& diagnostic : error.diagnostics()) diagnostics_.error(diagnostic);
    }
  }

  /// False when what is left out could change what the rest means: then every further finding
  /// might be a consequence of one that is reported.
  static bool has_meaning(const dockerfile::Dockerfile& file) {
    const bool has_stage =
        std::ranges::find(file.instructions, "FROM", &dockerfile::Instruction::keyword) !=
        file.instructions.end();
    return has_stage && std::ranges::none_of(file.faulty, [](const std::string& keyword) {
             return keyword.empty() || keyword == "FROM" || keyword == "ARG" || keyword == "ENV" ||
                    keyword == "ONBUILD";
           });
  }

  void check_stages(const dockerfile::Dockerfile& file, Inputs& inputs) {
    store::OciLayout layout(request_.store);
    const store::BuildCache cache(request_.store / "cache");
    BaseImages images(layout, cache, nullptr, {});
    Archives archives(cache, {}, {});
    const ImageNames names(request_, layout);
    const Contexts contexts(request_, std::move(inputs.rules), inputs.files, cache);
    for (std::optional<Platform>& platform : wanted_platforms(request_))
      check_platform(file, std::move(platform), names, contexts, images, archives);
  }

  /// `file`: by value, as triggers are added to it.
  void check_platform(dockerfile::Dockerfile file, std::optional<Platform> platform,
                      const ImageNames& names, const Contexts& contexts, BaseImages& images,
                      Archives& archives) {
    plan::PlanInputs inputs = names.plan_inputs(std::move(platform));
    inputs.every_stage = request_.target.empty();
    inputs.missing_bases = true;
    plan::StageGraph graph = plan::build_stage_graph(file, inputs, diagnostics_);
    if (graph.needed.empty()) return;  // no such target
    const FileTimes times;
    const StageInputs stage_inputs{file,   graph,    inputs,  times,       contexts,
                                   images, archives, nullptr, diagnostics_};
    const auto triggers = [&](const plan::Origin& base) { return triggers_of(base, stage_inputs); };
    const std::size_t errors = diagnostics_.errors().size();
    plan::add_triggers(file, graph, inputs, triggers, diagnostics_);
    if (errors > 0) diagnostics_.forget_errors(errors);  // some would be said a second time
    const Stages stages = evaluate_stages(stage_inputs);
    dockerfile::Findings findings(file.source, file.checks, diagnostics_);
    if (const auto* directory = contexts.main_directory())
      warn_ignored_sources(stages, directory->rules(), findings);
  }

  CheckResult result(const Inputs& inputs) const {
    CheckResult out{.file = inputs.name,
                    .path = inputs.path,
                    .dockerfile = inputs.text,
                    .findings = {},
                    .errors = diagnostics_.errors().size(),
                    .warnings = diagnostics_.warnings().size()};
    for (const Diagnostic& error : diagnostics_.first_errors())
      out.findings.push_back({Severity::error, error});
    for (const Diagnostic& warning : diagnostics_.warnings())
      out.findings.push_back({Severity::warning, warning});
    const auto place = [](const Finding& finding) {
      const auto& where = finding.diagnostic.where;
      return where ? std::tuple(0, where->line, where->column) : std::tuple(1, 0U, 0U);
    };
    std::ranges::stable_sort(out.findings, {}, place);
    return out;
  }

  const BuildRequest& request_;
  support::Diagnostics diagnostics_;
};

}  // namespace

}  // namespace ocibuild::engine

namespace ocibuild {

CheckResult check(const BuildRequest& request) {
  return engine::Checker(request).run();
}

}  // namespace ocibuild
