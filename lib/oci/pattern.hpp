// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocibuild::oci {

/// A wildcard pattern for a whole '/'-separated path, compiled once. Immutable, thread-safe.
///
/// `*` is any run without '/', `?` one character other than '/', `[…]` a class (`^` negates; a
/// class can match '/'), `\c` a literal c. A character is a UTF-8 sequence, or one byte that is
/// none. Matching never takes more steps than pattern length times path length.
class Pattern {
public:
  enum class Grammar {
    go_match,  ///< Go's filepath.Match, as of COPY sources: `**` is nothing special
    ignore,    ///< as of .dockerignore: `**` spans directories (docs/reference/dockerfile.md, 11.4)
  };

  /// `text`: relative and clean. @throws Error(Errc::failed, pattern-invalid)
  Pattern(std::string_view text, Grammar grammar);

  bool matches(std::string_view path) const;
  /// False when no path below `directory` can match, so that a walk need not enter it.
  bool may_match_below(std::string_view directory) const;

  // What is known of every path that matches, to find a pattern among many.
  bool is_literal() const;          ///< without wildcards: prefix() is the one path that matches
  std::string_view prefix() const;  ///< it begins with this; may be empty
  std::string_view suffix() const;  ///< it ends with this; may be empty

private:
  struct Token {
    enum class Kind : std::uint8_t {
      literal,
      one,          // ?
      run,          // *
      one_of,       // […]
      directories,  // **, as the regular expression (.*/)?
      rest,         // **, as the regular expression .*
    };
    Kind kind;
    bool negated = false;                                 // one_of
    std::string text{};                                   // literal
    std::vector<std::pair<char32_t, char32_t>> ranges{};  // one_of; both ends included
  };
  class Parser;
  /// One byte for each offset of the path: can the tokens so far end there?
  using Reached = std::vector<char>;

  static Reached step(const Token& token, std::string_view path, const Reached& from);
  static bool may_pass_end(const Token& token, std::string_view path, const Reached& from);

  std::vector<Token> tokens_;
};

}  // namespace ocibuild::oci
