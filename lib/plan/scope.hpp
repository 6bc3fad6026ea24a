// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::plan {

/// The variables an instruction sees: ARG and ENV write the same set, the later line wins
/// (docs/reference/dockerfile.md, 5).
class Scope {
 public:
  void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }
  std::optional<std::string> find(std::string_view name) const;
  /// For "did you mean".
  std::vector<std::string> names() const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace ocibuild::plan
