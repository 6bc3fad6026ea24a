// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dockerfile/expansion.hpp"
#include "plan/evaluator.hpp"
#include "plan/expansion_limit.hpp"

namespace ocibuild::plan {

/// Private to evaluate(): the state of one stage between two instructions.
class StageEvaluator {
public:
  StageEvaluator(const dockerfile::Dockerfile& file, const StageGraph& graph, std::size_t stage,
                 const StageStart& start, const PlanInputs& inputs,
                 support::Diagnostics& diagnostics);
  EvaluatedStage run();

  // One for each struct of dockerfile/instruction.hpp; each adds its step, or reports an error.
  void operator()(const dockerfile::From&) {}
  void operator()(const dockerfile::Run& run);
  void operator()(const dockerfile::Arg& arg);
  void operator()(const dockerfile::Env& env);
  void operator()(const dockerfile::Label& label);
  void operator()(const dockerfile::Copy& copy);
  void operator()(const dockerfile::Add& add);
  void operator()(const dockerfile::Onbuild& onbuild);
  void operator()(const dockerfile::Cmd& cmd);
  void operator()(const dockerfile::Entrypoint& entrypoint);
  void operator()(const dockerfile::Shell& shell);
  void operator()(const dockerfile::HealthcheckInstruction& healthcheck);
  void operator()(const dockerfile::Workdir& workdir);
  void operator()(const dockerfile::User& user);
  void operator()(const dockerfile::StopSignal& stop_signal);
  void operator()(const dockerfile::Maintainer& maintainer);
  void operator()(const dockerfile::Expose& expose);
  void operator()(const dockerfile::Volume& volume);

private:
  void start_environment();
  void set_env(const std::string& name, const std::string& value);

  dockerfile::Lookup lookup();
  /// Expands one word; undefined variables are warned about once an instruction.
  std::optional<dockerfile::Expansion> expand(const dockerfile::Word& word);
  std::optional<std::string> expand_text(const dockerfile::Word& word);
  std::optional<Text> expand_optional(const std::optional<dockerfile::Word>& word, bool& good);
  void warn_undefined(const dockerfile::VariableUse& use);
  void warn_secret(const dockerfile::Word& name);
  void warn_legacy(bool legacy);
  void visit();
  /// Only the last CMD, ENTRYPOINT or HEALTHCHECK of a stage counts.
  void note_single_use();

  std::vector<std::string> command_line(const dockerfile::Command& command);
  std::optional<oci::ModeChange> mode_of(const Text& text, bool& good);
  /// The step of COPY or ADD but for what ADD alone has; nothing after an error.
  std::optional<CopyStep> files_step(const dockerfile::Copy& copy, std::string& created_by);
  /// The sources, none of them empty, and in COPY none remote.
  std::optional<std::vector<Text>> source_texts(const dockerfile::Copy& copy);
  std::optional<std::vector<InlineFile>> inline_files(const dockerfile::Copy& copy);
  /// Whether what ADD fetches is allowed (9.7, 9.8); an error for each source that is not.
  bool check_remote(const CopyStep& step, const std::optional<Text>& checksum);
  /// What an ADD that is no step fetches, as far as that can be told.
  void note_download(const dockerfile::Add& add);
  bool check_checksum(const Text& checksum, const CopyStep& step);
  void add_step(std::string created_by) { add_step(std::move(created_by), ConfigStep{}); }
  void add_step(std::string created_by, decltype(Step::action) action);

  const dockerfile::Dockerfile& file_;
  const StageGraph& graph_;
  const Stage& stage_;
  const PlanInputs& inputs_;
  support::Diagnostics& diagnostics_;
  dockerfile::Findings findings_;
  ExpansionLimit limit_;
  EvaluatedStage out_;
  std::map<std::string, std::size_t, std::less<>> env_index_;  ///< name -> place in config.env
  std::size_t at_ = 0;                                         ///< index of the instruction
  std::set<std::string, std::less<>> warned_;                  ///< names, for this instruction
  std::map<std::string, std::string> read_;  ///< variables and their values, by this instruction
  bool uncertain_ = false;  ///< this instruction reads a variable that an unknown base may set
  std::map<std::string, dockerfile::Span, std::less<>> single_use_;  ///< keyword -> where it was
};

}  // namespace ocibuild::plan
