// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/checks.hpp"
#include "dockerfile/source_text.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::dockerfile {

/// What stands around the message of a finding.
struct Explanation {
  std::string label{};  ///< behind the carets
  std::vector<std::string> notes{};
  std::vector<std::string> helps{};
};

/// Puts errors and warnings about one Dockerfile into Diagnostics, as its `# check=` directive
/// says. The arguments must outlive it.
class Findings {
public:
  Findings(const SourceText& source, const Checks& checks, support::Diagnostics& diagnostics)
      : source_(source), checks_(checks), diagnostics_(diagnostics) {}

  void error(std::string id, std::string message, const Span& span, Explanation explanation = {});
  void warning(std::string id, std::string message, const Span& span, Explanation explanation = {});
  /// About the request, not about a place in the file.
  void error(std::string id, std::string message, Explanation explanation = {});
  void warning(std::string id, std::string message, Explanation explanation = {});

  /// The place of `span`, for an error that ends the build at once.
  SourceRange place(const Span& span) const { return source_.range(span); }

  /// closest_match(), but nothing once there were many findings or searches, or among too many
  /// candidates: a hostile file must not make thousands of searches through thousands of names.
  static constexpr std::size_t most_candidates = 10'000;
  std::optional<std::string> nearest(std::string_view word,
                                     const std::function<std::vector<std::string>()>& candidates);

private:
  bool many() const;
  Diagnostic describe(std::string id, std::string message, const Span* span,
                      Explanation explanation) const;
  void add_warning(Diagnostic diagnostic, unsigned instruction_line);

  const SourceText& source_;
  const Checks& checks_;
  support::Diagnostics& diagnostics_;
  unsigned searches_ = 0;
  std::map<unsigned, RuleChoice> choices_;  ///< by first line of an instruction
};

/// {"did you mean "X"?"} for the nearest word, else nothing.
std::vector<std::string> did_you_mean(const std::optional<std::string>& nearest);

}  // namespace ocibuild::dockerfile
