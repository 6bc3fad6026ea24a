// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "plan/evaluator.hpp"
#include "unit/dockerfile/parse_fixture.hpp"

namespace ocibuild::test {

/// A Dockerfile taken through parser, stage graph and evaluation of every needed stage, as a build
/// does it. Image bases have the config `images` gives them.
struct Planned {
  support::Diagnostics diagnostics;
  dockerfile::Dockerfile file;
  plan::StageGraph graph;
  std::map<std::size_t, plan::EvaluatedStage> stages;

  explicit Planned(std::string_view text, const plan::PlanInputs& inputs = {},
                   const std::map<std::string, ContainerConfig>& images = {},
                   const std::string& author = {})
      : file(dockerfile::parse("Dockerfile", text, diagnostics)),
        graph(plan::build_stage_graph(file, inputs, diagnostics)) {
    if (!diagnostics.errors().empty()) return;
    const auto triggers_of = [&](const plan::Origin& base) -> Strings {
      const auto* image = std::get_if<plan::FromImage>(&base);
      const auto at = images.find(image != nullptr ? image->name.familiar() : "");
      return at == images.end() ? Strings{} : at->second.on_build;
    };
    plan::add_triggers(file, graph, inputs, triggers_of, diagnostics);
    if (!diagnostics.errors().empty()) return;
    for (const std::size_t i : graph.needed) {
      plan::StageStart start;
      start.author = author;
      if (const auto* stage = std::get_if<plan::FromStage>(&graph.stages[i].base)) {
        const plan::EvaluatedStage& parent = stages.at(stage->index);
        start = {parent.config, parent.author, parent.variables, parent.workdir_set};
      } else if (const auto* image = std::get_if<plan::FromImage>(&graph.stages[i].base)) {
        const auto at = images.find(image->name.familiar());
        if (at != images.end()) start.config = at->second;
      }
      stages[i] = plan::evaluate(file, graph, i, start, inputs, diagnostics);
    }
  }

  const plan::EvaluatedStage& target() const { return stages.at(graph.target); }
  const ContainerConfig& config() const { return target().config; }
  Strings history() const {
    Strings out;
    for (const plan::Step& step : target().steps) out.push_back(step.created_by);
    return out;
  }
  const plan::CopyStep& copy(std::size_t step) const {
    return std::get<plan::CopyStep>(target().steps.at(step).action);
  }
  Strings errors() const { return brief(diagnostics.errors()); }
  Strings warnings() const { return brief(diagnostics.warnings()); }
};

/// History of a stage FROM scratch with these lines.
inline Strings history_of(const std::string& lines, const plan::PlanInputs& inputs = {}) {
  return Planned("FROM scratch\n" + lines, inputs).history();
}

}  // namespace ocibuild::test
