// SPDX-License-Identifier: Apache-2.0
#include "plan/scope.hpp"

namespace ocibuild::plan {

std::optional<std::string> Scope::find(std::string_view name) const {
  const auto at = values_.find(name);
  if (at == values_.end()) return std::nullopt;
  return at->second;
}

std::vector<std::string> Scope::names() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : values_) out.push_back(name);
  for (const std::string& name : declared_) {
    if (!values_.contains(name)) out.push_back(name);
  }
  return out;
}

}  // namespace ocibuild::plan
