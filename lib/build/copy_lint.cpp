// SPDX-License-Identifier: Apache-2.0
#include "build/copy_lint.hpp"

#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;
using support::escape_controls;

namespace {

void warn_ignored(const plan::Text& source, const context::IgnoreRules& rules,
                  dockerfile::Findings& findings) {
  const oci::RootfsPath path(source.text);
  const auto culprit = path.is_root() ? rules.culprit_of_everything() : rules.culprit(path.str());
  if (!culprit) return;
  dockerfile::Explanation why;
  why.notes = {concat(culprit->file, ":", culprit->line, " '", escape_controls(culprit->pattern),
                      "' leaves it out")};
  if (!path.is_root()) {
    why.helps = {concat("add '!", escape_controls(path.str()), "' below that line")};
  }
  findings.warning("CopyIgnoredFile",
                   path.is_root()
                       ? std::string("the ignore file leaves nothing of the build context")
                       : concat("the ignore file hides '", escape_controls(source.text), "'"),
                   source.span, std::move(why));
}

}  // namespace

void warn_ignored_sources(const Stages& stages, const context::IgnoreRules& rules,
                          dockerfile::Findings& findings) {
  if (rules.has_exceptions()) return;
  for (const StageWork& work : stages) {
    for (const plan::Step& step : work.result.steps) {
      const auto* copy = std::get_if<plan::CopyStep>(&step.action);
      if (copy == nullptr || !std::holds_alternative<plan::FromContext>(copy->from)) continue;
      for (const plan::Text& source : copy->sources) warn_ignored(source, rules, findings);
    }
  }
}

}  // namespace ocibuild::engine
