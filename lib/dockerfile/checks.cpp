// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/checks.hpp"

#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::to_lower;
using support::trim;

Checks Checks::parse(std::string_view text) {
  Checks out;
  for (const std::string& option : support::split(text, ';')) {
    if (trim(option).empty()) continue;
    const std::size_t equals = option.find('=');
    const std::string_view key = trim(std::string_view(option).substr(0, equals));
    const std::string value =
        equals == std::string::npos ? "" : to_lower(trim(option.substr(equals + 1)));
    if (key == "skip" && value == "all") {
      out.skip_all = true;
    } else if (key == "skip" && !value.empty()) {
      for (const std::string& id : support::split(value, ',')) out.skipped.emplace(trim(id));
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

bool Checks::skips(std::string_view id) const {
  return skip_all || skipped.contains(to_lower(id));
}

}  // namespace ocibuild::dockerfile
