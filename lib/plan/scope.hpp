// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocibuild::plan {

/// The variables an instruction sees: ARG and ENV write the same set, the later line wins
/// (docs/reference/dockerfile.md, 5).
class Scope {
public:
  void set(std::string name, std::string value) { values_[std::move(name)] = std::move(value); }
  std::optional<std::string> find(std::string_view name) const;
  /// ARG without any value: the name stays unset, and reading it is no mistake.
  void declare(std::string name) { declared_.insert(std::move(name)); }
  bool is_declared(std::string_view name) const { return declared_.contains(name); }
  /// The base image is not known, so that any name may have a value.
  void open() { open_ = true; }
  bool is_open() const { return open_; }
  /// `name` has a value that cannot be known.
  void forget(const std::string& name) {
    values_.erase(name);
    declare(name);
  }
  /// For "did you mean".
  std::vector<std::string> names() const;

private:
  std::map<std::string, std::string, std::less<>> values_;
  std::set<std::string, std::less<>> declared_;
  bool open_ = false;
};

}  // namespace ocibuild::plan
