// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/checks.hpp"

#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::to_lower;
using support::trim;

namespace {

/// Off unless a `check=experimental=` names it.
bool is_experimental(std::string_view id) {
  return support::equal_ignoring_case(id, "InvalidDefinitionDescription");
}

void choose(std::string_view value, bool& all, std::set<std::string>& names) {
  if (value == "all") {
    all = true;
    return;
  }
  for (const std::string& id : support::split(value, ',')) names.emplace(trim(id));
}

}  // namespace

bool RuleChoice::skips(std::string_view id) const {
  return skip_all || skipped.contains(to_lower(id));
}

bool RuleChoice::enables(std::string_view id) const {
  return experimental_all || experimental.contains(to_lower(id));
}

Checks Checks::parse(std::string_view text) {
  Checks out;
  for (const std::string& option : support::split(text, ';')) {
    if (trim(option).empty()) continue;
    const std::size_t equals = option.find('=');
    const std::string_view key = trim(std::string_view(option).substr(0, equals));
    const std::string value =
        equals == std::string::npos ? "" : to_lower(trim(option.substr(equals + 1)));
    if (key == "skip" && !value.empty()) {
      choose(value, out.rules.skip_all, out.rules.skipped);
    } else if (key == "experimental" && !value.empty()) {
      choose(value, out.rules.experimental_all, out.rules.experimental);
    } else if (key == "error" && (value == "true" || value == "1" || value == "t")) {
      out.error = true;
    } else if (key == "error" && (value == "false" || value == "0" || value == "f")) {
      out.error = false;
    } else {
      out.unknown.emplace_back(trim(option));
    }
  }
  return out;
}

bool Checks::skips(std::string_view id, const RuleChoice& instruction) const {
  // As in BuildKit: skip=all leaves a rule on that somebody asked for by experimental=.
  if (is_experimental(id)) return !rules.enables(id) && !instruction.enables(id);
  return rules.skips(id) || instruction.skips(id);
}

}  // namespace ocibuild::dockerfile
