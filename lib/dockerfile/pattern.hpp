// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::dockerfile {

/// The pattern of ${NAME#P}, ${NAME%P} and ${NAME/P/R}: `*` is any text, `?` one character, a
/// backslash quotes those and itself, everything else stands for itself
/// (docs/reference/dockerfile.md, 4.6). Matching never backtracks over more than one `*`.
class Pattern {
public:
  static constexpr std::size_t longest = 512;  ///< characters

  /// Nothing when the pattern is too long or quotes another character; then `wrong` says which.
  static std::optional<Pattern> parse(std::string_view text, std::string& wrong);

  /// `value` without its shortest, or longest, prefix that matches.
  std::string without_prefix(std::string_view value, bool longest_match) const;
  std::string without_suffix(std::string_view value, bool longest_match) const;
  /// `value` with the first match, or all of them, replaced; each match as long as possible.
  /// Nothing when the result would be longer than `limit`.
  std::optional<std::string> replaced(std::string_view value, std::string_view replacement,
                                      bool all, std::size_t limit) const;

private:
  /// Characters of a text: UTF-8 sequences, or single bytes where it is none.
  using Characters = std::vector<std::string_view>;
  /// What stands between two `*`; an absent token is `?`.
  using Segment = std::vector<std::optional<std::string>>;
  struct Match {
    std::size_t begin;
    std::size_t end;
  };

  static Characters characters_of(std::string_view text);
  static bool matches_at(const Segment& segment, const Characters& text, std::size_t at);
  static std::optional<std::size_t> find(const Segment& segment, const Characters& text,
                                         std::size_t from);
  static std::optional<std::size_t> find_last(const Segment& segment, const Characters& text,
                                              std::size_t from);
  /// End of the match whose first segment ends at `at`.
  std::optional<std::size_t> end_of_match(const Characters& text, std::size_t at,
                                          bool longest_match) const;
  std::optional<std::size_t> prefix(const Characters& text, bool longest_match) const;
  std::optional<Match> search(const Characters& text, std::size_t from) const;

  std::vector<Segment> segments_{1};  ///< never empty; `*` between each two
};

}  // namespace ocibuild::dockerfile
