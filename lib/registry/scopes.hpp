// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocibuild::registry {

/// What a token is asked for (docs/reference/registry.md, T7): one scope a repository, actions
/// merged, in the order in which repositories were added, because some servers read only the first.
class Scopes {
public:
  Scopes() = default;
  static Scopes pull(std::string_view repository);
  static Scopes push(std::string_view repository);

  /// `text`: scopes separated by blanks, as in a challenge. Those that are not
  /// `repository:PATH:ACTIONS` are kept as they are.
  void add(std::string_view text);
  void add(const Scopes& other);
  /// True when a token for these serves a request for `wanted`.
  bool cover(const Scopes& wanted) const;
  bool empty() const { return scopes_.empty(); }

  /// One text a scope: "repository:a/b:pull,push".
  std::vector<std::string> list() const;
  std::string str() const;

private:
  struct Scope {
    std::string resource;              ///< "repository:a/b", or the whole text
    std::vector<std::string> actions;  ///< empty: the text has none
  };
  void add_one(std::string_view text);
  const Scope* find(std::string_view resource) const;

  std::vector<Scope> scopes_;
};

}  // namespace ocibuild::registry
