// SPDX-License-Identifier: Apache-2.0
#include "terminal_text.hpp"

#include <algorithm>
#include <cstdint>

namespace ocibuild::program {

namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// East Asian Wide and Fullwidth (Unicode 15, EastAsianWidth.txt), joined to whole blocks.
constexpr Range wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1FAFF},
    {0x20000, 0x3FFFD},
};
constexpr Range combining[] = {
    {0x0300, 0x036F}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};
// Controls, line separators, and the bidirectional marks that make a text look like another one.
constexpr Range hidden[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x061C, 0x061C}, {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF},
};

template <std::size_t N>
bool contains(const Range (&ranges)[N], std::uint32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const Range& range) { return range.first <= code && code <= range.last; });
}

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  ///< 0: the byte at the front is not UTF-8
};

Character decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || size > text.size()) return {};
  std::uint32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  if (overlong || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, size};
}

std::string hex(std::uint32_t value, int digits) {
  std::string out(static_cast<std::size_t>(digits), '0');
  for (auto digit = out.rbegin(); digit != out.rend(); ++digit, value >>= 4) {
    *digit = "0123456789abcdef"[value & 15U];
  }
  return out;
}

std::string escaped(std::uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  return code < 0x80 ? "\\x" + hex(code, 2) : "\\u" + hex(code, 4);
}

}  // namespace

std::vector<Cell> cells(std::string_view text) {
  std::vector<Cell> out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character character = decode(text.substr(at));
    Cell cell;
    cell.offset = at;
    if (character.size == 0) {
      cell.shown = "\\x" + hex(static_cast<unsigned char>(text[at]), 2);
      cell.width = 4;
    } else if (character.code != '\t' && contains(hidden, character.code)) {
      cell.shown = escaped(character.code);
      cell.width = static_cast<unsigned>(cell.shown.size());
    } else {
      cell.shown = text.substr(at, character.size);
      cell.width = contains(combining, character.code) ? 0 : contains(wide, character.code) ? 2 : 1;
    }
    at += std::max<std::size_t>(character.size, 1);
    out.push_back(std::move(cell));
  }
  return out;
}

std::string terminal_text(std::string_view text, std::size_t limit) {
  std::string out;
  std::size_t used = 0;
  // A hostile text may be huge: nothing behind the cut needs decoding (4 bytes a character).
  for (const Cell& cell : cells(text.substr(0, limit * 4 + 4))) {
    const std::string& shown = cell.shown == "\t" ? "\\t" : cell.shown;
    const std::size_t length = shown == cell.shown && cell.width <= 2 ? 1 : shown.size();
    if (used + length > limit) return out + "...";
    out += shown;
    used += length;
  }
  return out;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (const Cell& cell : cells(text)) width += cell.width;
  return width;
}

}  // namespace ocibuild::program
