// SPDX-License-Identifier: Apache-2.0
// What there is to build, and what can be given to it (docs/reference/cli.md, 6.18 to 6.20).
#include <algorithm>
#include <map>
#include <utility>

#include <ocibuild/check.hpp>

#include "build/archives.hpp"
#include "build/inputs.hpp"
#include "build/platform_build.hpp"
#include "dockerfile/comments.hpp"
#include "dockerfile/expansion.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild::engine {

namespace {

using dockerfile::Arg;
using dockerfile::From;
using dockerfile::Instruction;

LineRange lines_of(const Instruction& instruction) {
  return {instruction.span.first_line, instruction.span.last_line};
}

/// Of the comments above, the first that begins with `name`. A trigger has none: the lines above
/// belong to the FROM that makes it run.
std::string description_of(const dockerfile::Dockerfile& file, const Instruction& instruction,
                           const std::string& name) {
  if (name.empty() || instruction.span.trigger != 0) return {};
  for (const std::string_view comment :
       comments_above(file.source, file.checks, instruction.span.first_line)) {
    if (comment.starts_with(name + ' ')) return std::string(comment.substr(name.size() + 1));
  }
  return {};
}

Target target_of(const dockerfile::Dockerfile& file, const Instruction& instruction) {
  const auto& from = std::get<From>(instruction.body);
  Target out{.name = from.name ? from.name->text : "",
             .description = {},
             .base = from.image.text,
             .platform = from.platform ? from.platform->text : "",
             .lines = lines_of(instruction)};
  out.description = description_of(file, instruction, out.name);
  return out;
}

/// One outline; run() is the list of its stages.
class Outliner {
public:
  explicit Outliner(const BuildRequest& request)
      : request_(request),
        layout_(request.store),
        cache_(request.cache.empty() ? request.store / "cache" : request.cache),
        names_(request, layout_),
        images_(layout_, cache_, nullptr, {}),
        archives_(cache_, {}, {}) {}

  Outline run() {
    const Inputs inputs = read_dockerfile(request_);
    out_.dockerfile = inputs.text;
    file_ = parse_dockerfile(inputs, diagnostics_);
    diagnostics_.throw_errors();
    const Stages stages = evaluate(inputs);
    find_globals();
    describe_target();
    // The target's own words for an argument go before those of the stages that it needs.
    for (auto stage = graph_.needed.rbegin(); stage != graph_.needed.rend(); ++stage)
      add_stage(*stage, stages[*stage]);
    std::ranges::stable_sort(out_.arguments, {},
                             [this](const auto& arg) { return places_.at(arg.name); });
    std::ranges::stable_sort(out_.secrets, {}, &Outline::Input::lines);
    std::ranges::stable_sort(out_.ssh, {}, &Outline::Input::lines);
    return std::move(out_);
  }

private:
  Stages evaluate(const Inputs& inputs) {
    plan_inputs_ = names_.plan_inputs(wanted_platforms(request_).front());
    plan_inputs_.missing_bases = true;
    graph_ = plan::build_stage_graph(file_, plan_inputs_, diagnostics_);
    plan::throw_mistakes(diagnostics_);
    const FileTimes times;
    const Contexts contexts(request_, {}, inputs.files, cache_);
    const StageInputs stage_inputs{file_,   graph_,    plan_inputs_, times,       contexts,
                                   images_, archives_, nullptr,      diagnostics_};
    const auto triggers = [&](const plan::Origin& base) { return triggers_of(base, stage_inputs); };
    plan::add_triggers(file_, graph_, plan_inputs_, triggers, diagnostics_);
    plan::throw_mistakes(diagnostics_);
    Stages stages = evaluate_stages(stage_inputs);
    plan::throw_mistakes(diagnostics_);
    return stages;
  }

  void find_globals() {
    for (const Instruction& instruction : file_.instructions) {
      if (std::holds_alternative<From>(instruction.body)) return;
      const auto* arg = std::get_if<Arg>(&instruction.body);
      if (arg == nullptr) continue;
      for (const Arg::Entry& entry : arg->entries)
        globals_.insert_or_assign(entry.name.text, Global{&instruction, &entry});
    }
  }

  void describe_target() {
    out_.target = target_of(file_, file_.instructions[graph_.stages[graph_.target].from]);
    out_.target.is_default = graph_.target + 1 == graph_.stages.size();
  }

  void add_stage(std::size_t index, const StageWork& work) {
    const plan::Stage& stage = graph_.stages[index];
    // The last ARG of a name is the one that counts.
    const auto& arguments = work.result.arguments;
    for (auto at = arguments.rbegin(); at != arguments.rend(); ++at) add_argument(*at);
    const auto& from = std::get<From>(file_.instructions[stage.from].body);
    add_globals_in(from.image);
    if (from.platform) add_globals_in(*from.platform);
    for (const plan::RunInput& input : work.result.inputs) add_input(input);
  }

  /// An ARG that only repeats one before FROM is that one.
  void add_argument(const plan::Argument& argument) {
    const std::string& name = argument.entry.name.text;
    const bool is_repeated = !argument.entry.value && !request_.build_args.contains(name) &&
                             graph_.global.find(name).has_value();
    if (is_repeated) return add_global(name);
    add(file_.instructions[argument.instruction], argument.entry.name, argument.value);
  }

  /// Nothing for names that are set without an ARG, such as TARGETARCH.
  void add_global(const std::string& name) {
    const auto global = globals_.find(name);
    if (global == globals_.end()) return;
    const auto& [instruction, entry] = global->second;
    if (!add(*instruction, entry->name, graph_.global.find(name))) return;
    if (entry->value && !request_.build_args.contains(name)) add_globals_in(*entry->value);
  }

  void add_globals_in(const dockerfile::Word& word) {
    support::Diagnostics said_before;
    dockerfile::Findings findings(file_.source, file_.checks, said_before);
    const auto lookup = [this](std::string_view name) { return graph_.global.find(name); };
    const auto expansion = dockerfile::expand(word, file_.escape, lookup, findings);
    if (!expansion) return;
    for (const dockerfile::VariableUse& use : expansion->uses) add_global(use.name);
  }

  /// False: it is known from nearer to the target.
  bool add(const Instruction& instruction, const dockerfile::Word& name,
           std::optional<std::string> value) {
    const LineRange lines = lines_of(instruction);
    const Place place{lines, {name.span.line, name.span.column}};
    if (!places_.emplace(name.text, place).second) return false;
    out_.arguments.push_back(
        {name.text, description_of(file_, instruction, name.text), std::move(value), lines});
    return true;
  }

  /// The first that names an id says whether it is needed, as BuildKit has it.
  void add_input(const plan::RunInput& input) {
    auto& list = input.ssh ? out_.ssh : out_.secrets;
    if (std::ranges::find(list, input.id, &Outline::Input::name) != list.end()) return;
    list.push_back({input.id, input.required, lines_of(file_.instructions[input.instruction])});
  }

  struct Global {
    const Instruction* instruction;
    const Arg::Entry* entry;
  };

  const BuildRequest& request_;
  store::OciLayout layout_;
  const store::BuildCache cache_;
  const ImageNames names_;
  BaseImages images_;
  Archives archives_;
  support::Diagnostics diagnostics_;
  dockerfile::Dockerfile file_;
  plan::PlanInputs plan_inputs_;
  plan::StageGraph graph_;
  std::map<std::string, Global> globals_;
  /// The instruction, and in it line and column.
  using Place = std::pair<LineRange, std::pair<unsigned, unsigned>>;
  std::map<std::string, Place> places_;  ///< of the arguments that are known
  Outline out_;
};

}  // namespace

}  // namespace ocibuild::engine

namespace ocibuild {

TargetList targets(const BuildRequest& request) {
  const engine::Inputs inputs = engine::read_dockerfile(request);
  support::Diagnostics diagnostics;
  const dockerfile::Dockerfile file = engine::parse_dockerfile(inputs, diagnostics);
  diagnostics.throw_errors();
  TargetList out{inputs.text, {}};
  for (const dockerfile::Instruction& instruction : file.instructions) {
    if (std::holds_alternative<dockerfile::From>(instruction.body))
      out.targets.push_back(engine::target_of(file, instruction));
  }
  if (!out.targets.empty()) out.targets.back().is_default = true;
  return out;
}

Outline outline(const BuildRequest& request) {
  return engine::Outliner(request).run();
}

}  // namespace ocibuild
