// SPDX-License-Identifier: Apache-2.0
#include "plan/stage_graph.hpp"

#include <algorithm>
#include <utility>

#include "plan/context_key.hpp"
#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::From;
using dockerfile::Instruction;
using support::concat;
using support::quote;

StageGraph GraphBuilder::run() {
  split_into_stages();
  if (!choose_target()) return std::move(out_);
  out_.global = global_scope(inputs_.build_args, findings_, limit_);
  resolve_bases();
  resolve_stage_references();
  empty_replaced_stages();
  find_needed();
  report_runs();
  resolve_image_copies();
  return std::move(out_);
}

void GraphBuilder::split_into_stages() {
  const std::vector<Instruction>& instructions = file_.instructions;
  first_from_ = instructions.size();
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const auto* from = std::get_if<From>(&instructions[i].body);
    if (from == nullptr) {
      if (out_.stages.empty()) continue;
      out_.stages.back().instructions.push_back(i);
      if (const auto* arg = std::get_if<dockerfile::Arg>(&instructions[i].body)) {
        for (const auto& entry : arg->entries) {
          stage_args_.emplace(entry.name.text, entry.name.span.line);
        }
      }
      continue;
    }
    first_from_ = std::min(first_from_, i);
    Stage stage;
    stage.base = FromScratch{};
    stage.from = i;
    if (from->name) {
      stage.name = from->name->text;
      std::vector<std::size_t>& same = by_name_[stage.name];
      if (!same.empty()) {
        findings_.warning(
            "DuplicateStageName",
            concat("line ", from_line(same.back()).span.line, " names a stage ", quote(stage.name),
                   " too; below this line the name means this one"),
            from->name->span);
      }
      same.push_back(out_.stages.size());
    }
    out_.stages.push_back(std::move(stage));
  }
}

const Instruction& GraphBuilder::from_line(std::size_t stage) const {
  return file_.instructions[out_.stages[stage].from];
}

const From& GraphBuilder::from_of(std::size_t stage) const {
  return std::get<From>(from_line(stage).body);
}

std::string GraphBuilder::display_name(std::size_t stage) const {
  const std::string& name = out_.stages[stage].name;
  return name.empty() ? std::to_string(stage) : name;
}

std::vector<std::string> GraphBuilder::stage_names() const {
  std::vector<std::string> out;
  for (const auto& [name, stages] : by_name_) out.push_back(name);
  return out;
}

std::string GraphBuilder::stage_list() const {
  if (by_name_.empty()) {
    return concat("no stage has a name; their numbers are 0 to ", out_.stages.size() - 1);
  }
  static constexpr std::size_t most_shown = 12;
  std::vector<std::string> shown;
  for (const auto& [name, stages] : by_name_) {
    if (shown.size() == most_shown) {
      shown.emplace_back("…");
      break;
    }
    shown.push_back(name);
  }
  return concat("stages: ", support::join(shown, ", "));
}

std::optional<std::size_t> GraphBuilder::stage_above(std::size_t stage,
                                                     const std::string& name) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return std::nullopt;
  const std::vector<std::size_t>& stages = found->second;
  const auto end = std::lower_bound(stages.begin(), stages.end(), stage);
  if (end == stages.begin()) return std::nullopt;
  return *std::prev(end);
}

bool GraphBuilder::is_replaced(std::size_t stage) const {
  const std::string& name = out_.stages[stage].name;
  return !name.empty() && inputs_.contexts.contains(context_key(name));
}

/// What they hold instead, resolve_bases() has said; their own lines were looked at for mistakes.
void GraphBuilder::empty_replaced_stages() {
  for (std::size_t i = 0; i < out_.stages.size(); ++i) {
    if (!is_replaced(i)) continue;
    Stage& stage = out_.stages[i];
    stage.instructions.clear();
    stage.copies.clear();
    stage.mounts.clear();
  }
}

bool GraphBuilder::choose_target() {
  if (out_.stages.empty()) return false;  // an error of the parser
  const std::size_t count = out_.stages.size();
  out_.target = count - 1;
  if (inputs_.target.empty()) return true;
  if (const auto named = stage_above(count, support::to_lower(inputs_.target))) {
    out_.target = *named;
    return true;
  }
  std::uint64_t number = 0;
  if (support::parse_number(inputs_.target, count - 1, number)) {
    out_.target = static_cast<std::size_t>(number);
    return true;
  }
  dockerfile::Explanation explanation;
  explanation.helps =
      dockerfile::did_you_mean(findings_.nearest(inputs_.target, [this] { return stage_names(); }));
  explanation.notes = {stage_list()};
  findings_.error("stage-unknown",
                  concat("the Dockerfile has no stage ", quote(inputs_.target), " to build"),
                  std::move(explanation));
  return false;
}

/// Stages point only upwards, so one pass from the target up finds everything.
void GraphBuilder::find_needed() {
  out_.needed.clear();
  needed_by_.clear();
  std::vector<bool> needed(out_.stages.size(), false);
  needed[out_.target] = true;
  for (std::size_t i = out_.target + 1; i-- > 0;) {
    if (!needed[i]) continue;
    out_.needed.push_back(i);
    const auto need = [&](std::size_t stage, std::size_t instruction) {
      needed[stage] = true;
      needed_by_.emplace(stage, instruction);
    };
    const auto need_origin = [&](const Origin& origin, std::size_t instruction) {
      if (const auto* stage = std::get_if<FromStage>(&origin)) need(stage->index, instruction);
    };
    const Stage& stage = out_.stages[i];
    need_origin(stage.base, stage.from);
    for (const auto& [instruction, origin] : stage.copies) need_origin(origin, instruction);
    for (const auto& [instruction, stages] : stage.mounts) {
      for (const std::size_t mounted : stages) need(mounted, instruction);
    }
  }
  std::reverse(out_.needed.begin(), out_.needed.end());
}

void throw_mistakes(const support::Diagnostics& diagnostics) {
  const bool mistaken = std::ranges::any_of(diagnostics.errors(), [](const Diagnostic& diagnostic) {
    return diagnostic.id != "run-unsupported";
  });
  if (mistaken) diagnostics.throw_errors();
}

StageGraph build_stage_graph(const dockerfile::Dockerfile& file, const PlanInputs& inputs,
                             support::Diagnostics& diagnostics) {
  return GraphBuilder(file, inputs, diagnostics).run();
}

}  // namespace ocibuild::plan
