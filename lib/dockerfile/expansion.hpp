// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/findings.hpp"
#include "dockerfile/instruction.hpp"

namespace ocibuild::dockerfile {

/// Looks a variable up; nothing when it is unset.
using Lookup = std::function<std::optional<std::string>(std::string_view name)>;

/// A variable that a word reads.
struct VariableUse {
  std::string name;
  std::optional<std::string> value;
  bool has_fallback = false;  ///< written so that being unset is meant: ${N:-W}, ${N:+W}, ${N?W}
  Span span;                  ///< of "$NAME" where it can be told, else of the word
};

struct Expansion {
  std::string text;                ///< without quotes and escapes
  std::vector<std::string> words;  ///< `text` split at blanks that came from outside quotes
  std::vector<VariableUse> uses;   ///< in order
};

/// Expands one word (docs/reference/dockerfile.md, 4). Nothing, and an error in `findings`, when it
/// is malformed, when ${NAME:?} says so, or when the result is unreasonably long.
std::optional<Expansion> expand(const Word& word, char escape, const Lookup& lookup,
                                Findings& findings);

/// Expands the body of a heredoc (10.6): quotes are text, and a backslash is the escape character
/// whatever the file says. `body.span` is the place to blame, all of it.
std::optional<Expansion> expand_body(const Word& body, const Lookup& lookup, Findings& findings);

/// The value that the first variable of `expansion` had, "NAME=value", for a label; empty if there
/// is none.
std::string describe_use(const Expansion& expansion);

}  // namespace ocibuild::dockerfile
