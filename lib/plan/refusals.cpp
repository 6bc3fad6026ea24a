// SPDX-License-Identifier: Apache-2.0
// Instructions that are understood and not carried out, in stages that are built
// (docs/reference/dockerfile.md, 6.8 and 13.15).
#include <utility>

#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Copy;
using dockerfile::Instruction;
using dockerfile::Refused;
using support::concat;

void GraphBuilder::report_refused() {
  for (const std::size_t i : out_.needed) {
    const Stage& stage = out_.stages[i];
    // Thirty RUN lines are one problem: the first is shown, the others are counted.
    std::optional<std::size_t> first_run;
    std::vector<unsigned> more_runs;
    for (std::size_t at = stage.first; at < stage.end; ++at) {
      const Instruction& instruction = file_.instructions[at];
      if (!std::holds_alternative<Refused>(instruction.body)) continue;
      if (instruction.keyword != "RUN") {
        report_refused(i, at, {});
      } else if (!first_run) {
        first_run = at;
      } else {
        more_runs.push_back(instruction.span.line);
      }
    }
    if (first_run) report_refused(i, *first_run, more_runs);
  }
}

/// "stage 'builder' is needed by COPY --from=builder (line 11)"
std::string GraphBuilder::reason_for(std::size_t stage) const {
  const auto needed_by = needed_by_.find(stage);
  if (needed_by == needed_by_.end()) {
    const std::string& name = out_.stages[stage].name;
    return name.empty() ? "this is the stage that is built"
                        : concat("stage '", name, "' is the one that is built");
  }
  const Instruction& by = file_.instructions[needed_by->second];
  const auto* copy = std::get_if<Copy>(&by.body);
  const std::string reference =
      copy != nullptr ? concat("COPY --from=", copy->from->text)
                      : concat("FROM ", std::get<dockerfile::From>(by.body).image.text);
  return concat("stage '", display_name(stage), "' is needed by ", reference, " (line ",
                by.span.line, ')');
}

std::vector<std::string> GraphBuilder::run_helps(std::size_t stage) const {
  const std::string base = "or prepare a base image once where RUN is possible, and start FROM it";
  const auto needed_by = needed_by_.find(stage);
  if (needed_by == needed_by_.end()) {
    return {"build on the host and COPY the result from the build context", base};
  }
  std::string build = concat("build on the host and hand the result in:  ocibuild --build-context ",
                             display_name(stage), "=./out …");
  const auto* copy = std::get_if<Copy>(&file_.instructions[needed_by->second].body);
  if (copy != nullptr) {
    const std::string& source = copy->sources.front().text;
    if (source.starts_with('/') && source.find_first_of("$*?[") == std::string::npos) {
      build += concat("   (then ", source, " is ./out", source, ')');
    }
  }
  return {std::move(build), base};
}

void GraphBuilder::report_refused(std::size_t stage, std::size_t instruction,
                                  const std::vector<unsigned>& more_lines) {
  const Instruction& where = file_.instructions[instruction];
  const Refused& refused = std::get<Refused>(where.body);
  dockerfile::Explanation explanation;
  explanation.label = reason_for(stage);
  explanation.helps = where.keyword == "RUN" ? run_helps(stage) : refused.helps;
  if (!more_lines.empty()) {
    static constexpr std::size_t most_shown = 8;
    std::vector<std::string> shown;
    for (const unsigned line : more_lines) {
      if (shown.size() < most_shown) shown.push_back(std::to_string(line));
    }
    explanation.notes = {concat(more_lines.size(), " more RUN in this stage, on line",
                                more_lines.size() > 1 ? "s " : " ", support::join(shown, ", "),
                                more_lines.size() > most_shown ? ", …" : "")};
  }
  findings_.error(refused.id, refused.message, where.span, std::move(explanation));
}

}  // namespace ocibuild::plan
