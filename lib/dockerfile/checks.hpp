// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::dockerfile {

/// Which rules one `check=` chooses.
struct RuleChoice {
  bool skip_all = false;
  std::set<std::string> skipped{};  ///< ids in lower case
  bool experimental_all = false;
  std::set<std::string> experimental{};  ///< ids in lower case

  bool skips(std::string_view id) const;
  bool enables(std::string_view id) const;  ///< an experimental rule
};

/// What `# check=skip=A,B;error=true;experimental=C` says about warnings
/// (docs/reference/dockerfile.md, 18.2).
struct Checks {
  RuleChoice rules{};
  bool error = false;                  ///< every warning is an error
  std::vector<std::string> unknown{};  ///< options that say nothing we know
  unsigned directive_lines = 0;        ///< at the top of the file; they are no comments

  static Checks parse(std::string_view text);
  /// `instruction`: what the comment above the instruction chooses.
  bool skips(std::string_view id, const RuleChoice& instruction = {}) const;
};

}  // namespace ocibuild::dockerfile
