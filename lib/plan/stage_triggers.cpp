// SPDX-License-Identifier: Apache-2.0
// ONBUILD triggers: what a base leaves to do to the stages that start from it
// (docs/reference/dockerfile.md, 6.11).
#include <algorithm>
#include <utility>

#include "dockerfile/parser.hpp"
#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using support::concat;

void GraphBuilder::index_names() {
  for (std::size_t i = 0; i < out_.stages.size(); ++i) {
    if (!out_.stages[i].name.empty()) by_name_[out_.stages[i].name].push_back(i);
  }
}

/// Triggers go one stage far, so each stage is looked at once; which ones are needed can change
/// with every trigger that copies from a stage.
StageGraph GraphBuilder::run_triggers(dockerfile::Dockerfile& file, const TriggersOf& triggers_of) {
  index_names();
  find_needed();
  std::vector<bool> done(out_.stages.size(), false);
  for (bool more = true; more;) {
    more = false;
    for (const std::size_t stage : out_.needed) {
      if (done[stage]) continue;
      done[stage] = true;
      more = add_triggers(stage, file, triggers_of) || more;
    }
    if (more) find_needed();
  }
  report_runs();
  resolve_image_copies();
  warn_unused_build_args();
  warn_unused_contexts();
  return std::move(out_);
}

/// True when there are any.
bool GraphBuilder::add_triggers(std::size_t stage, dockerfile::Dockerfile& file,
                                const TriggersOf& triggers_of) {
  // Stages times triggers: a file of some megabytes could ask for more than fits into memory.
  static constexpr std::size_t most_triggers = 10'000;
  if (triggers_run_ > most_triggers) return false;  // reported
  std::vector<std::string> triggers;
  std::string base;
  if (const auto* image = std::get_if<FromImage>(&out_.stages[stage].base)) {
    triggers = triggers_of(out_.stages[stage].base);
    base = image->name.familiar();
  } else if (const auto* context = std::get_if<FromNamedContext>(&out_.stages[stage].base)) {
    triggers = triggers_of(out_.stages[stage].base);
    base = concat("the build context '", context->name, "'");
  } else if (const auto* parent = std::get_if<FromStage>(&out_.stages[stage].base)) {
    for (const std::size_t at : out_.stages[parent->index].instructions) {
      const auto* onbuild = std::get_if<dockerfile::Onbuild>(&file_.instructions[at].body);
      if (onbuild != nullptr) triggers.push_back(onbuild->trigger);
    }
    base = concat("stage '", display_name(parent->index), "'");
  }
  triggers_run_ += triggers.size();
  if (triggers_run_ > most_triggers) {
    findings_.error("onbuild-too-many",
                    concat("the stages of this Dockerfile run more than ", most_triggers,
                           " ONBUILD instructions"),
                    from_of(stage).image.span, {.helps = {"build fewer stages on this base"}});
    return false;
  }
  std::vector<std::size_t> added;
  for (const std::string& trigger : triggers) {
    const dockerfile::Span place = from_of(stage).image.span;
    const auto at = dockerfile::append_trigger(file, trigger, base, place, diagnostics_);
    if (!at) continue;
    added.push_back(*at);
    resolve_stage_references(stage, *at);
  }
  std::vector<std::size_t>& all = out_.stages[stage].instructions;
  all.insert(all.begin(), added.begin(), added.end());
  return !added.empty();
}

void add_triggers(dockerfile::Dockerfile& file, StageGraph& graph, const PlanInputs& inputs,
                  const TriggersOf& triggers_of, support::Diagnostics& diagnostics) {
  graph = GraphBuilder(file, inputs, diagnostics, std::move(graph)).run_triggers(file, triggers_of);
}

}  // namespace ocibuild::plan
