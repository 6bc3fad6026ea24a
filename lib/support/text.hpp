// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ocibuild::support {

namespace detail {
inline void append(std::string& out, std::string_view part) {
  out += part;
}
inline void append(std::string& out, char part) {
  out += part;
}
template <std::integral T>
requires(!std::same_as<T, char>) void append(std::string& out, T part) {
  out += std::to_string(part);
}
}  // namespace detail

/// Joins strings, characters and integers.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append(out, parts), ...);
  return out;
}

/// The text between double quotes, control characters escaped: for user text inside a message.
std::string quote(std::string_view text);

/// Control characters (and bytes that are not UTF-8) as \xNN, \n, \t …; everything else as it is.
std::string escape_controls(std::string_view text);

/// Without spaces, tabs, VT, FF, CR and LF at both ends.
std::string_view trim(std::string_view text);

/// ASCII only: the locale never matters.
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
inline bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Splits at every `separator`; "" gives one empty part.
std::vector<std::string> split(std::string_view text, char separator);
/// Splits one line of CSV at its commas: a part may stand in double quotes, `""` in it is a quote.
/// Nothing when a quoted part has no end or goes on behind its quote.
std::optional<std::vector<std::string>> split_csv(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// Decimal number without sign or blanks, at most `max`; false if it is anything else.
bool parse_number(std::string_view text, std::uint64_t max, std::uint64_t& out);

}  // namespace ocibuild::support
