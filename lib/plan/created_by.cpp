// SPDX-License-Identifier: Apache-2.0
#include "plan/created_by.hpp"

#include "dockerfile/duration.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using support::concat;

namespace {

constexpr char hex[] = "0123456789abcdef";

/// One UTF-8 character at the front of a text.
struct Character {
  std::size_t size;  ///< 0: no UTF-8
  char32_t code;
};

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {1, lead};
  const std::size_t size = lead < 0xC2   ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return {0, 0};
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return {0, 0};
    code = (code << 6U) | (byte & 0x3FU);
  }
  static constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < smallest[size] || surrogate || code > 0x10FFFF) return {0, 0};
  return {size, code};
}

/// Go's unicode.IsPrint for what occurs in texts: no controls, no blanks but ' ', nothing
/// invisible.
bool is_printable(char32_t c) {
  const auto within = [c](char32_t first, char32_t last) { return c >= first && c <= last; };
  return !(c < 0x20 || within(0x7F, 0xA0) || c == 0xAD || c == 0x61C || c == 0x1680 ||
           c == 0x180E || within(0x2000, 0x200F) || within(0x2028, 0x202F) ||
           within(0x205F, 0x206F) || c == 0x3000 || within(0xE000, 0xF8FF) || c == 0xFEFF ||
           within(0xFFF0, 0xFFFB) || (c & 0xFFFE) == 0xFFFE || c >= 0xE0000);
}

void append_hex(std::string& out, char32_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += hex[(value >> shift) & 15U];
}

void append_escaped(std::string& out, char32_t c) {
  static constexpr std::string_view named = "\a\b\f\n\r\t\v";
  if (c < 0x80) {
    if (const std::size_t at = named.find(static_cast<char>(c)); at != std::string_view::npos) {
      out += '\\';
      out += "abfnrtv"[at];
      return;
    }
  }
  const bool byte = c < 0x20 || c == 0x7F;
  out += byte ? "\\x" : c < 0x10000 ? "\\u" : "\\U";
  append_hex(out, c, byte ? 2 : c < 0x10000 ? 4 : 8);
}

std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const auto [size, code] = first_character(text);
    if (size == 0) {
      out += "\\x";
      append_hex(out, static_cast<unsigned char>(text.front()), 2);
      text.remove_prefix(1);
      continue;
    }
    if (code == '"' || code == '\\') {
      out += '\\';
      out += text.front();
    } else if (is_printable(code)) {
      out += text.substr(0, size);
    } else {
      append_escaped(out, code);
    }
    text.remove_prefix(size);
  }
  return out += '"';
}

}  // namespace

std::string quoted_list(const std::vector<std::string>& elements) {
  std::vector<std::string> quoted;
  quoted.reserve(elements.size());
  for (const std::string& element : elements) quoted.push_back(go_quoted(element));
  return plain_list(quoted);
}

std::string plain_list(const std::vector<std::string>& elements) {
  return concat('[', support::join(elements, " "), ']');
}

std::string healthcheck_text(const Healthcheck& check) {
  using dockerfile::duration_text;
  return concat(
      "{Test:", plain_list(check.test), " Interval:", duration_text(check.interval),
      " Timeout:", duration_text(check.timeout), " StartPeriod:", duration_text(check.start_period),
      " StartInterval:", duration_text(check.start_interval), " Retries:", check.retries, '}');
}

}  // namespace ocibuild::plan
