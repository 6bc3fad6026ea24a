// SPDX-License-Identifier: Apache-2.0
// A whole Dockerfile: parser, stage graph, and evaluation of every stage, as a build does it.
#include <string>
#include <vector>

#include "dockerfile/parser.hpp"
#include "fuzz.hpp"
#include "plan/context_key.hpp"
#include "plan/evaluator.hpp"

namespace {

using namespace ocibuild;

/// Findings point into the file, and the program can show them.
void check_places(const dockerfile::Dockerfile& file, const std::vector<Diagnostic>& findings) {
  for (const Diagnostic& finding : findings) {
    fuzz::require(!finding.id.empty() && !finding.message.empty(), "a finding says something");
    if (!finding.where) continue;
    const SourceRange& where = *finding.where;
    const std::size_t lines = file.source.lines().size();
    fuzz::require(where.line >= 1 && (where.line <= lines || lines == 0), "its line exists");
    fuzz::require(where.column >= 1, "columns count from 1");
    fuzz::require(
        where.excerpt.empty() || (where.first_line >= 1 && where.line >= where.first_line &&
                                  where.line - where.first_line < where.excerpt.size()),
        "its line is in the excerpt");
  }
}

void evaluate_all(const dockerfile::Dockerfile& file, const plan::StageGraph& graph,
                  const plan::PlanInputs& inputs, support::Diagnostics& diagnostics) {
  std::vector<plan::EvaluatedStage> stages(graph.stages.size());
  for (const std::size_t i : graph.needed) {
    plan::StageStart start;
    if (const auto* stage = std::get_if<plan::FromStage>(&graph.stages[i].base)) {
      fuzz::require(stage->index < i, "a stage builds on one above it");
      const plan::EvaluatedStage& parent = stages[stage->index];
      start = {parent.config, parent.author, parent.variables};
    }
    stages[i] = plan::evaluate(file, graph, i, start, inputs, diagnostics);
    for (const plan::Step& step : stages[i].steps) {
      fuzz::require(step.instruction < file.instructions.size(), "a step has its instruction");
      if (const auto* copy = std::get_if<plan::CopyStep>(&step.action)) {
        for (const plan::Text& source : copy->sources) {
          fuzz::require(!source.text.empty(), "a COPY source is not empty");
        }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  support::Diagnostics diagnostics;
  auto file = dockerfile::parse("Dockerfile", fuzz::as_text(data, size), diagnostics);
  plan::PlanInputs inputs;
  inputs.build_args = {{"GIVEN", "a b"}, {"EMPTY", ""}};
  inputs.contexts = {plan::context_key("assets")};
  if (diagnostics.errors().empty()) {
    fuzz::require(!file.instructions.empty(), "an empty Dockerfile is an error");
    plan::StageGraph graph = plan::build_stage_graph(file, inputs, diagnostics);
    if (diagnostics.errors().empty()) {
      // A base image has triggers too.
      const auto triggers = [](const plan::Origin&) {
        return std::vector<std::string>{"COPY <<E /x\n$A\nE\n", "ENV A=$B", "RUN x"};
      };
      plan::add_triggers(file, graph, inputs, triggers, diagnostics);
    }
    if (diagnostics.errors().empty()) evaluate_all(file, graph, inputs, diagnostics);
  }
  check_places(file, diagnostics.errors());
  check_places(file, diagnostics.warnings());
  return 0;
}
