// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::dockerfile {

/// What `# check=skip=A,B;error=true` says about warnings (docs/reference/dockerfile.md, 18).
struct Checks {
  bool skip_all = false;
  std::set<std::string> skipped{};     ///< ids in lower case
  bool error = false;                  ///< every warning is an error
  std::vector<std::string> unknown{};  ///< options that say nothing we know

  static Checks parse(std::string_view text);
  bool skips(std::string_view id) const;
};

}  // namespace ocibuild::dockerfile
