// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/comments.hpp"

#include <algorithm>

#include "dockerfile/directives.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

std::vector<std::string_view> comments_above(const SourceText& source, const Checks& checks,
                                             unsigned first_line) {
  std::vector<std::string_view> out;
  for (unsigned line = first_line; line-- > checks.directive_lines + 1;) {
    std::string_view text = support::trim(source.lines()[line - 1]);
    if (text.empty()) continue;
    if (text.front() != '#') break;
    text = support::trim(text.substr(1));
    if (text.empty()) break;
    out.push_back(text);
  }
  std::ranges::reverse(out);
  return out;
}

RuleChoice checks_above(const SourceText& source, const Checks& checks, unsigned first_line) {
  for (const std::string_view comment : comments_above(source, checks, first_line)) {
    const auto directive = directive_in_comment(comment);
    if (!directive || directive->name != "check") continue;
    // Words behind the value are an ordinary remark.
    const std::string_view value = directive->value.of(comment);
    return Checks::parse(value.substr(0, value.find_first_of(" \t"))).rules;
  }
  return {};
}

}  // namespace ocibuild::dockerfile
