// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How the text of an instruction falls into words (docs/reference/dockerfile.md, 3). Nothing is
/// expanded or unquoted here but flags.
namespace ocibuild::dockerfile {

/// A part of a text.
struct Slice {
  std::size_t offset = 0;
  std::size_t length = 0;
  std::size_t end() const { return offset + length; }
  std::string_view of(std::string_view text) const { return text.substr(offset, length); }
};

/// Without the blanks at both ends.
Slice trimmed(std::string_view text, Slice slice);

/// Words between runs of blanks; quotes mean nothing (3.5).
std::vector<Slice> split_at_blanks(std::string_view text);

/// Words that end at blanks outside quotes; quotes and escapes stay in them (3.6).
std::vector<Slice> split_quoted(std::string_view text, char escape);

/// "--name=value" with its quotes and escapes removed.
struct FlagWord {
  std::string name;  ///< with its dashes
  std::optional<std::string> value;
  Slice name_at;
  Slice value_at;  ///< quotes included
};
struct FlagWords {
  std::vector<FlagWord> flags;
  std::size_t rest = 0;  ///< where the text behind the flags begins
};

/// Takes the flags off the front of `text` (3.2).
FlagWords split_flags(std::string_view text, char escape);

/// Where the strings of a valid JSON array of strings stand in `text`, quotes included.
std::vector<Slice> json_string_slices(std::string_view text);

}  // namespace ocibuild::dockerfile
