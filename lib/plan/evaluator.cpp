// SPDX-License-Identifier: Apache-2.0
#include "plan/evaluator.hpp"

#include <algorithm>
#include <utility>

#include "plan/stage_evaluator.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Expansion;
using dockerfile::VariableUse;
using dockerfile::Word;
using support::concat;
using support::quote;

namespace {
constexpr std::string_view default_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t shortest_misspelt = 5;  // DATA looks like PATH and is another name
}  // namespace

StageEvaluator::StageEvaluator(const dockerfile::Dockerfile& file, const StageGraph& graph,
                               std::size_t stage, const StageStart& start, const PlanInputs& inputs,
                               support::Diagnostics& diagnostics)
    : file_(file),
      graph_(graph),
      stage_(graph.stages[stage]),
      inputs_(inputs),
      diagnostics_(diagnostics),
      findings_(file.source, file.checks, diagnostics) {
  out_.config = start.config;
  out_.author = start.author;
  out_.config.on_build.clear();  // they run in this stage and leave nothing to its children (6.11)
  out_.variables = start.variables;
  out_.workdir_set = start.workdir_set;
  start_environment();
}

/// Variables of the parent stage, then the image's Env, then PATH (5.7, 5.8, 14.1, 14.3).
void StageEvaluator::start_environment() {
  ContainerConfig& config = out_.config;
  for (std::size_t i = 0; i < config.env.size(); ++i) {
    const std::string& entry = config.env[i];
    const std::size_t equals = std::min(entry.find('='), entry.size());
    const std::string name = entry.substr(0, equals);
    env_index_.emplace(name, i);
    out_.variables.set(name, equals < entry.size() ? entry.substr(equals + 1) : "");
  }
  const bool windows = inputs_.platform && inputs_.platform->os == "windows";
  if (!env_index_.contains("PATH") && !windows) {
    set_env("PATH", std::string(default_path));
    if (out_.variables.is_open()) out_.variables.forget("PATH");  // the base has its own
  }
  if (std::holds_alternative<FromScratch>(stage_.base) && config.working_dir.empty()) {
    config.working_dir.assign(1, '/');  // GCC 12 warns of = "/" in vain
  }
}

void StageEvaluator::set_env(const std::string& name, const std::string& value) {
  std::vector<std::string>& env = out_.config.env;
  const auto [at, is_new] = env_index_.emplace(name, env.size());
  if (is_new) env.emplace_back();
  env[at->second] = concat(name, '=', value);
  out_.variables.set(name, value);
}

EvaluatedStage StageEvaluator::run() {
  for (const std::size_t instruction : stage_.instructions) {
    at_ = instruction;
    visit();
  }
  return std::move(out_);
}

/// Carries out one instruction. What cannot be known of it is neither wrong nor a step.
void StageEvaluator::visit() {
  warned_.clear();
  read_.clear();
  uncertain_ = false;
  const std::size_t errors = diagnostics_.errors().size();
  const std::size_t steps = out_.steps.size();
  const auto& body = file_.instructions[at_].body;
  std::visit(*this, body);
  if (!uncertain_) return;
  if (const auto* add = std::get_if<dockerfile::Add>(&body)) note_download(*add);
  diagnostics_.forget_errors(errors);
  out_.steps.erase(out_.steps.begin() + static_cast<std::ptrdiff_t>(steps), out_.steps.end());
  if (const auto* env = std::get_if<dockerfile::Env>(&body)) {
    for (const auto& pair : env->pairs) out_.variables.forget(pair.key.text);
  } else if (const auto* arg = std::get_if<dockerfile::Arg>(&body)) {
    for (const auto& entry : arg->entries) out_.variables.forget(entry.name.text);
    for (Argument& argument : out_.arguments) {
      if (argument.instruction == at_) argument.value.reset();
    }
  }
}

void StageEvaluator::add_step(std::string created_by, decltype(Step::action) action) {
  Step& step = out_.steps.emplace_back(Step{at_, std::move(created_by), std::move(action)});
  if (step.makes_layer()) step.variables = read_;
}

dockerfile::Lookup StageEvaluator::lookup() {
  return [this](std::string_view name) {
    auto value = out_.variables.find(name);
    if (!value && out_.variables.is_open()) uncertain_ = true;
    if (value) read_.insert_or_assign(std::string(name), *value);
    return value;
  };
}

std::optional<Expansion> StageEvaluator::expand(const Word& word) {
  if (limit_.reached()) return std::nullopt;
  auto expansion = dockerfile::expand(word, file_.escape, lookup(), findings_);
  if (!expansion || limit_.exceeded_by(*expansion, word, findings_)) return std::nullopt;
  for (const VariableUse& use : expansion->uses) warn_undefined(use);
  return expansion;
}

std::optional<std::string> StageEvaluator::expand_text(const Word& word) {
  auto expansion = expand(word);
  if (!expansion) return std::nullopt;
  return std::move(expansion->text);
}

void StageEvaluator::warn_undefined(const VariableUse& use) {
  if (use.value || use.has_fallback || out_.variables.is_declared(use.name)) return;
  if (!warned_.insert(use.name).second) return;
  dockerfile::Explanation explanation;
  if (graph_.global.find(use.name)) {
    explanation.notes = {"an ARG before FROM is seen by FROM lines only"};
    explanation.helps = {concat("write ARG ", use.name, " in this stage, above this line")};
  } else {
    const auto nearest = findings_.nearest(use.name, [this] { return out_.variables.names(); });
    // The base may set any name; it is less likely to set one that looks like a known one.
    if (out_.variables.is_open() && (!nearest || use.name.size() < shortest_misspelt)) return;
    explanation.helps = dockerfile::did_you_mean(nearest);
  }
  findings_.warning("UndefinedVar",
                    concat("the variable ", quote(use.name), " is not defined here"), use.span,
                    std::move(explanation));
}

/// Names like DB_PASSWORD; parts between '_' count, "PUBLIC_KEY" is none (18).
void StageEvaluator::warn_secret(const Word& name) {
  static constexpr std::string_view secret[] = {"apikey", "auth",   "credential", "credentials",
                                                "key",    "passwd", "password",   "pword",
                                                "secret", "token"};
  static constexpr std::string_view harmless[] = {"public", "file", "version"};
  const auto any_part = [&](const auto& words) {
    const std::vector<std::string> parts = support::split(support::to_lower(name.text), '_');
    return std::ranges::any_of(parts, [&](const std::string& part) {
      return std::find(std::begin(words), std::end(words), part) != std::end(words);
    });
  };
  if (!any_part(secret) || any_part(harmless)) return;
  findings_.warning("SecretsUsedInArgOrEnv",
                    concat(file_.instructions[at_].keyword, " ", quote(name.text),
                           " looks like a secret, and everybody who has the image can read it"),
                    name.span);
}

void StageEvaluator::warn_legacy(bool legacy) {
  if (!legacy) return;
  const dockerfile::Instruction& instruction = file_.instructions[at_];
  findings_.warning(
      "LegacyKeyValueFormat",
      concat(quote(concat(instruction.keyword, " key=value")), " should be used instead of ",
             quote(concat(instruction.keyword, " key value"))),
      instruction.span);
}

/// The stage graph has reported it; what it would be given is for who asks (cli.md 6.19).
void StageEvaluator::operator()(const dockerfile::Run& run) {
  for (const dockerfile::MountedInput& input : run.inputs) {
    auto expansion = dockerfile::expand(input.id, file_.escape, lookup(), findings_);
    if (!expansion) return;
    std::string id = uncertain_ ? input.id.text : std::move(expansion->text);
    if (input.is_target) id = id.substr(id.rfind('/') + 1);
    out_.inputs.push_back({at_, input.ssh, std::move(id), input.required});
  }
}

void StageEvaluator::operator()(const dockerfile::Arg& arg) {
  std::string created_by = "ARG";
  for (const dockerfile::Arg::Entry& entry : arg.entries) {
    const auto& [name, default_value] = entry;
    warn_secret(name);
    // A default is expanded even when it is not used: its mistakes are mistakes (6.8).
    std::optional<std::string> value;
    if (default_value) {
      value = expand_text(*default_value);
      if (!value) return;
    }
    if (const auto given = inputs_.build_args.find(name.text); given != inputs_.build_args.end()) {
      value = given->second;
    } else if (!value) {
      value = graph_.global.find(name.text);
    }
    created_by += concat(" ", name.text);
    out_.arguments.push_back({at_, entry, value});
    if (value) {
      created_by += concat("=", *value);
      out_.variables.set(name.text, std::move(*value));
    } else {
      out_.variables.declare(name.text);
    }
  }
  add_step(std::move(created_by));
}

void StageEvaluator::operator()(const dockerfile::Env& env) {
  std::vector<std::pair<std::string, std::string>> pairs;  // all see the environment before (4.10)
  std::string created_by = "ENV";
  warn_legacy(env.legacy);
  for (const auto& [key, value] : env.pairs) {
    warn_secret(key);
    auto name = expand_text(key);
    auto text = expand_text(value);
    if (!name || !text) return;
    if (name->empty()) {
      findings_.error("name-empty", concat("ENV ", quote(key.text), " expands to no name"),
                      key.span);
      return;
    }
    created_by += concat(" ", *name, "=", *text);
    pairs.emplace_back(std::move(*name), std::move(*text));
  }
  for (const auto& [name, value] : pairs) set_env(name, value);
  add_step(std::move(created_by));
}

EvaluatedStage evaluate(const dockerfile::Dockerfile& file, const StageGraph& graph,
                        std::size_t stage, const StageStart& start, const PlanInputs& inputs,
                        support::Diagnostics& diagnostics) {
  return StageEvaluator(file, graph, stage, start, inputs, diagnostics).run();
}

}  // namespace ocibuild::plan
