// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::context {

/// The patterns of a .dockerignore file (docs/reference/dockerfile.md, 11). Thread-safe once
/// complete.
///
/// A path asks only the patterns whose fixed text at the front or at the end it has, so that
/// thousands of rules cost little more than a few; those that begin and end with a wildcard are
/// asked every time.
class IgnoreRules {
public:
  /// No patterns: nothing is hidden.
  IgnoreRules();
  ~IgnoreRules();
  IgnoreRules(IgnoreRules&&) noexcept;
  IgnoreRules& operator=(IgnoreRules&&) noexcept;

  /// `file`: how messages call it; `path`: where it is.
  /// @throws Error(Errc::failed, ignore-pattern-invalid) with file, line and pattern
  static IgnoreRules parse(std::string file, std::string_view text,
                           const std::filesystem::path& path = {});

  /// Adds one pattern of a list such as that of --exclude: in the grammar of a line, but with no
  /// comments. @throws Error(Errc::failed, pattern-invalid)
  void add(std::string_view pattern);
  /// Call once behind the last add() and before anything is asked; parse() has done it.
  void complete();

  /// True if there are no patterns, once complete.
  bool is_empty() const;

  /// What the patterns say about a directory, for its children. Value of a walk; small.
  struct Hits {
    std::size_t decided = 0;  ///< opaque
    bool excluded = false;
  };
  Hits root() const { return {}; }
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
