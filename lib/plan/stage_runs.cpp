// SPDX-License-Identifier: Apache-2.0
// RUN in stages that are built, which is understood and not carried out
// (docs/reference/dockerfile.md, 6.8 and 13.15).
#include <utility>

#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Copy;
using dockerfile::Instruction;
using dockerfile::Run;
using support::concat;

/// Thirty RUN lines are one problem: the first is shown, the others are counted.
void GraphBuilder::report_runs() {
  for (const std::size_t i : out_.needed) {
    std::optional<std::size_t> first;
    std::vector<unsigned> more_lines;
    for (const std::size_t at : out_.stages[i].instructions) {
      const Instruction& instruction = file_.instructions[at];
      if (!std::holds_alternative<Run>(instruction.body)) continue;
      if (!first) {
        first = at;
      } else {
        more_lines.push_back(instruction.span.line);
      }
    }
    if (first) report_run(i, *first, more_lines);
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
  std::string reference = by.keyword;
  if (const Copy* copy = dockerfile::files_of(by)) {
    reference += " --from=" + copy->from->text;
  } else if (const auto* from = std::get_if<dockerfile::From>(&by.body)) {
    reference += " " + from->image.text;
  } else {
    reference += " --mount=from=" + display_name(stage);
  }
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
  const Copy* copy = dockerfile::files_of(file_.instructions[needed_by->second]);
  if (copy != nullptr && !copy->sources.empty()) {
    const std::string& source = copy->sources.front().text;
    if (source.starts_with('/') && source.find_first_of("$*?[") == std::string::npos) {
      build += concat("   (then ", source, " is ./out", source, ')');
    }
  }
  return {std::move(build), base};
}

void GraphBuilder::report_run(std::size_t stage, std::size_t instruction,
                              const std::vector<unsigned>& more_lines) {
  dockerfile::Explanation explanation;
  explanation.label = reason_for(stage);
  explanation.helps = run_helps(stage);
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
  findings_.error("run-unsupported", "RUN is not executed by ocibuild",
                  file_.instructions[instruction].span, std::move(explanation));
}

}  // namespace ocibuild::plan
