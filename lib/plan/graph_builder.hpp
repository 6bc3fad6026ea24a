// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dockerfile/expansion.hpp"
#include "plan/expansion_limit.hpp"
#include "plan/stage_graph.hpp"

namespace ocibuild::plan {

/// Private to build_stage_graph(). The members run in this order; each uses what those above found.
class GraphBuilder {
public:
  GraphBuilder(const dockerfile::Dockerfile& file, const PlanInputs& inputs,
               support::Diagnostics& diagnostics)
      : file_(file), inputs_(inputs), findings_(file.source, file.checks, diagnostics) {}

  StageGraph run();

private:
  void split_into_stages();
  bool choose_target();
  void define_global_scope();
  void resolve_bases();
  void resolve_stage_copies();
  void find_needed();
  void report_refused();
  void resolve_image_copies();
  void warn_unused_build_args();

  // global_scope.cpp
  void define_platform(const std::string& prefix, const Platform& platform);
  std::optional<std::string> expand_global(const dockerfile::Word& word,
                                           dockerfile::Expansion* details = nullptr);

  // stage_bases.cpp
  std::optional<Origin> base_of(std::size_t stage);
  bool report_context_as_base(const dockerfile::From& from, const std::string& name);
  std::optional<Origin> base_image(const dockerfile::From& from,
                                   const dockerfile::Expansion& expansion);
  std::optional<Platform> base_platform(const dockerfile::From& from);
  bool report_undefined(const dockerfile::From& from, const dockerfile::Expansion& expansion);
  void report_empty(const dockerfile::From& from, const dockerfile::Expansion& expansion);
  std::string expansion_label(const dockerfile::Expansion& expansion) const;

  // stage_copies.cpp
  std::optional<Origin> numbered_stage(std::size_t stage, const dockerfile::Word& from);
  std::optional<Origin> named_stage(std::size_t stage, const dockerfile::Word& from);
  Origin stage_or_context(std::size_t stage) const;
  void report_not_above(std::size_t stage, std::size_t named, const dockerfile::Word& from);
  std::optional<Origin> copied_image(std::size_t stage, const dockerfile::Word& from);

  // refusals.cpp
  std::string reason_for(std::size_t stage) const;
  void report_refused(std::size_t stage, std::size_t instruction,
                      const std::vector<unsigned>& more_lines);
  std::vector<std::string> run_helps(std::size_t stage) const;

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
  dockerfile::Findings findings_;
  ExpansionLimit limit_;
  StageGraph out_;
  std::size_t first_from_ = 0;  ///< index of the first FROM; the number of instructions if none
  /// Name -> the stages that have it, ascending.
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_name_;
  std::map<std::string, unsigned, std::less<>> stage_args_;  ///< ARG below a FROM -> its line
  /// Needed stage -> the instruction that needs it; absent for the target.
  std::map<std::size_t, std::size_t> needed_by_;
};

}  // namespace ocibuild::plan
