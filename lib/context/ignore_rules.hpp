// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::context {

/// The patterns of a .dockerignore file (docs/reference/dockerfile.md, 11). Thread-safe once
/// complete.
class IgnoreRules {
public:
  /// No patterns: nothing is hidden.
  IgnoreRules();
  ~IgnoreRules();
  IgnoreRules(IgnoreRules&&) noexcept;
  IgnoreRules& operator=(IgnoreRules&&) noexcept;

  /// @throws Error(Errc::failed, ignore-pattern-invalid) with `file`, line and pattern
  static IgnoreRules parse(std::string file, std::string_view text);

  /// Adds one pattern of a list such as that of --exclude: in the grammar of a line, but with no
  /// comments. @throws Error(Errc::failed, pattern-invalid)
  void add(std::string_view pattern);

  /// Which patterns hit a directory: what its children inherit. Value of a walk; opaque.
  struct Hits {
    std::vector<bool> hit;
    bool excluded = false;
  };
  Hits root() const;
  /// `path`: of a child, relative to the context root, clean, '/'-separated.
  Hits enter(const Hits& parent, std::string_view path) const;
  /// The same from the root on, for one path.
  bool excludes(std::string_view path) const;

  /// False when no pattern starting with '!' can match below the excluded directory `path`, so that
  /// a walk need not enter it. May be true without need.
  bool may_reinclude_below(std::string_view path) const;

  /// The line that hides `path`, for messages.
  struct Culprit {
    std::string file;
    unsigned line;
    std::string pattern;  ///< as written
  };
  std::optional<Culprit> culprit(std::string_view path) const;

  /// The line that hides every path; only a pattern that says so at first sight counts.
  std::optional<Culprit> culprit_of_everything() const;
  /// Some pattern starts with '!'.
  bool has_exceptions() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::context
