// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/findings.hpp"

#include <utility>

#include "dockerfile/comments.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

namespace {
constexpr std::size_t findings_in_full = 200;  // later ones have no excerpt and no suggestion
constexpr unsigned most_searches = 1000;
}  // namespace

bool Findings::many() const {
  return diagnostics_.errors().size() + diagnostics_.warnings().size() >= findings_in_full;
}

Diagnostic Findings::describe(std::string id, std::string message, const Span* span,
                              Explanation explanation) const {
  Diagnostic out{.id = std::move(id),
                 .message = std::move(message),
                 .where = {},
                 .notes = std::move(explanation.notes),
                 .helps = std::move(explanation.helps)};
  if (span == nullptr) return out;
  for (std::string& note : source_.notes(*span)) out.notes.push_back(std::move(note));
  if (many()) {
    out.where = source_.bare_range(*span);
  } else {
    out.where = source_.range(*span, std::move(explanation.label));
  }
  return out;
}

/// `instruction_line`: the first of the instruction to blame, whose comment may choose rules; 0 if
/// there is none.
void Findings::add_warning(Diagnostic diagnostic, unsigned instruction_line) {
  const auto [choice, is_new] = choices_.try_emplace(instruction_line);
  if (is_new) choice->second = checks_above(source_, checks_, instruction_line);
  if (checks_.skips(diagnostic.id, choice->second)) return;
  if (checks_.error) {
    diagnostic.notes.emplace_back("a warning, made an error by \"# check=error=true\"");
    diagnostics_.error(std::move(diagnostic));
  } else {
    diagnostics_.warning(std::move(diagnostic));
  }
}

void Findings::error(std::string id, std::string message, const Span& span,
                     Explanation explanation) {
  diagnostics_.error(describe(std::move(id), std::move(message), &span, std::move(explanation)));
}

void Findings::warning(std::string id, std::string message, const Span& span,
                       Explanation explanation) {
  add_warning(describe(std::move(id), std::move(message), &span, std::move(explanation)),
              span.first_line);
}

void Findings::error(std::string id, std::string message, Explanation explanation) {
  diagnostics_.error(describe(std::move(id), std::move(message), nullptr, std::move(explanation)));
}

void Findings::warning(std::string id, std::string message, Explanation explanation) {
  add_warning(describe(std::move(id), std::move(message), nullptr, std::move(explanation)), 0);
}

std::optional<std::string> Findings::nearest(
    std::string_view word, const std::function<std::vector<std::string>()>& candidates) {
  if (many() || ++searches_ > most_searches) return std::nullopt;
  const std::vector<std::string> names = candidates();
  if (names.size() > most_candidates) return std::nullopt;
  return closest_match(word, names);
}

std::vector<std::string> did_you_mean(const std::optional<std::string>& nearest) {
  if (!nearest) return {};
  return {support::concat("did you mean ", support::quote(*nearest), "?")};
}

}  // namespace ocibuild::dockerfile
