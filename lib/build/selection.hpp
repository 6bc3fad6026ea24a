// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "context/ignore_rules.hpp"
#include "oci/pattern.hpp"

namespace ocibuild::engine {

/// Which files below a directory a COPY takes: all but those of --exclude, with --parents only what
/// its pattern matches (docs/reference/dockerfile.md, 7.18 and 7.19).
class Selection {
public:
  /// `exclude` must outlive it. @throws Error(Errc::failed, pattern-invalid) for `wanted`
  explicit Selection(const context::IgnoreRules& exclude) : exclude_(exclude) {}
  Selection(const context::IgnoreRules& exclude, std::string_view wanted)
      : exclude_(exclude), wanted_(std::in_place, wanted, oci::Pattern::Grammar::ignore) {}

  /// What is decided about a directory, as far as its children depend on it.
  struct Choice {
    context::IgnoreRules::Hits hits;
    bool wanted = true;
    bool taken() const { return wanted && !hits.excluded; }
  };
  Choice top() const { return {exclude_.root(), !wanted_.has_value()}; }
  /// `path`: of a child, relative to the top.
  Choice enter(const Choice& parent, std::string_view path) const {
    return {exclude_.enter(parent.hits, path),
            parent.wanted || (wanted_ && wanted_->matches(path))};
  }
  /// False when nothing below the directory `path` can be taken.
  bool may_take_below(const Choice& choice, std::string_view path) const {
    return (choice.wanted || (wanted_ && wanted_->may_match_below(path))) &&
           (!choice.hits.excluded || exclude_.may_reinclude_below(path));
  }

private:
  const context::IgnoreRules& exclude_;
  std::optional<oci::Pattern> wanted_;  // nothing: everything
};

}  // namespace ocibuild::engine
