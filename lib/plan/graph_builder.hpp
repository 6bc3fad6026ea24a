// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dockerfile/expansion.hpp"
#include "plan/expansion_limit.hpp"
#include "plan/stage_graph.hpp"

namespace ocibuild::plan {

/// Private to build_stage_graph() and add_triggers(), which are its two public members.
class GraphBuilder {
public:
  GraphBuilder(const dockerfile::Dockerfile& file, const PlanInputs& inputs,
               support::Diagnostics& diagnostics, StageGraph graph = {})
      : file_(file),
        inputs_(inputs),
        diagnostics_(diagnostics),
        findings_(file.source, file.checks, diagnostics),
        out_(std::move(graph)) {}

  StageGraph run();
  /// `file`: the constructor's, which is added to.
  StageGraph run_triggers(dockerfile::Dockerfile& file, const TriggersOf& triggers_of);

private:
  // In the order they run; each uses what those above found.
  void split_into_stages();
  bool choose_target();
  void resolve_bases();
  void resolve_stage_references();
  void empty_replaced_stages();
  void find_needed();
  void report_runs();
  void resolve_image_copies();
  void warn_unused_build_args();
  void warn_unused_contexts();

  // global_scope.cpp
  Scope global_scope(const std::map<std::string, std::string>& build_args,
                     dockerfile::Findings& findings, ExpansionLimit& limit) const;
  std::optional<dockerfile::Expansion> expand_in(const Scope& scope, const dockerfile::Word& word,
                                                 dockerfile::Findings& findings,
                                                 ExpansionLimit& limit) const;
  std::optional<std::string> expand_global(const dockerfile::Word& word,
                                           dockerfile::Expansion* details = nullptr);

  // stage_bases.cpp
  std::optional<Origin> base_of(std::size_t stage);
  std::optional<Origin> origin_called(const std::string& name, std::size_t stage,
                                      const std::optional<Platform>& platform,
                                      const dockerfile::Expansion& expansion);
  void replace_base(Stage& stage);
  static bool is_mistake(const Error& error);
  std::optional<Origin> base_image(const dockerfile::From& from,
                                   const dockerfile::Expansion& expansion);
  std::optional<Platform> base_platform(const dockerfile::From& from,
                                        dockerfile::Expansion& expansion);
  bool report_undefined(const dockerfile::From& from, const dockerfile::Expansion& expansion);
  void report_empty(const dockerfile::From& from, const dockerfile::Expansion& expansion);
  std::string expansion_label(const dockerfile::Expansion& expansion) const;
  dockerfile::Explanation undeclared(const std::string& name);

  // from_lint.cpp
  void lint_from(const dockerfile::From& from, const dockerfile::Expansion& image,
                 const dockerfile::Expansion& platform);
  void warn_undeclared(const dockerfile::Word& word, const dockerfile::Expansion& expansion);
  void warn_platform(const dockerfile::From& from, const dockerfile::Expansion& platform);
  void warn_default(const dockerfile::From& from, const dockerfile::Expansion& image);

  // stage_triggers.cpp
  void index_names();
  bool add_triggers(std::size_t stage, dockerfile::Dockerfile& file, const TriggersOf& triggers_of);

  // stage_copies.cpp
  void resolve_stage_references(std::size_t stage, std::size_t instruction);
  void resolve_mounts(std::size_t stage, std::size_t instruction, const dockerfile::Run& run);
  std::optional<Origin> numbered_stage(std::size_t stage, const dockerfile::Word& from);
  std::optional<Origin> named_stage(std::size_t stage, const dockerfile::Word& from);
  Origin stage_or_context(std::size_t stage) const;
  std::optional<Origin> named_context(const dockerfile::Word& from) const;
  void report_not_above(std::size_t stage, std::size_t named, const dockerfile::Word& from);
  std::optional<Origin> copied_image(std::size_t stage, const dockerfile::Word& from);

  // stage_runs.cpp
  std::string reason_for(std::size_t stage) const;
  void report_run(std::size_t stage, std::size_t instruction,
                  const std::vector<unsigned>& more_lines);
  std::vector<std::string> run_helps(std::size_t stage) const;

  /// A build context takes its place.
  bool is_replaced(std::size_t stage) const;
  const dockerfile::From& from_of(std::size_t stage) const;
  const dockerfile::Instruction& from_line(std::size_t stage) const;
  /// "builder", or the number of a stage without name.
  std::string display_name(std::size_t stage) const;
  std::vector<std::string> stage_names() const;
  /// "stages: a, b", shortened, for a note.
  std::string stage_list() const;
  /// Last stage above `stage` with that lower-case name.
  std::optional<std::size_t> stage_above(std::size_t stage, const std::string& name) const;

  const dockerfile::Dockerfile& file_;
  const PlanInputs& inputs_;
  support::Diagnostics& diagnostics_;
  dockerfile::Findings findings_;
  ExpansionLimit limit_;
  std::size_t triggers_run_ = 0;
  StageGraph out_;
  std::optional<Scope> defaults_;  ///< the global scope without any --build-arg
  ExpansionLimit defaults_limit_;
  std::size_t first_from_ = 0;  ///< index of the first FROM; the number of instructions if none
  /// Name -> the stages that have it, ascending.
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_name_;
  std::map<std::string, unsigned, std::less<>> stage_args_;  ///< ARG below a FROM -> its line
  /// Needed stage -> the instruction that needs it; absent for the target.
  std::map<std::size_t, std::size_t> needed_by_;
};

}  // namespace ocibuild::plan
