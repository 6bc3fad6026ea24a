// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/variable_name.hpp"

#include <algorithm>
#include <iterator>

#include "support/text.hpp"

namespace ocibuild::dockerfile {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

/// Letters of the scripts in use, in blocks; the few gaps inside a block count as letters.
constexpr Range letters[] = {
    {0xAA, 0xAA},       {0xB5, 0xB5},     {0xBA, 0xBA},     {0xC0, 0xD6},     {0xD8, 0xF6},
    {0xF8, 0x2C1},      {0x370, 0x373},   {0x376, 0x37D},   {0x37F, 0x37F},   {0x386, 0x386},
    {0x388, 0x481},     {0x48A, 0x556},   {0x561, 0x587},   {0x5D0, 0x5EA},   {0x620, 0x64A},
    {0x671, 0x6D3},     {0x904, 0x939},   {0x985, 0x9B9},   {0xA05, 0xA39},   {0xA85, 0xAB9},
    {0xB05, 0xB39},     {0xB83, 0xBB9},   {0xC05, 0xC39},   {0xC85, 0xCB9},   {0xD05, 0xD3A},
    {0xD85, 0xDC6},     {0xE01, 0xE30},   {0xE81, 0xEB0},   {0xF40, 0xF6C},   {0x1000, 0x102A},
    {0x10A0, 0x10FA},   {0x10FC, 0x1248}, {0x124A, 0x135A}, {0x13A0, 0x13F5}, {0x1780, 0x17B3},
    {0x1820, 0x1878},   {0x1E00, 0x1FBC}, {0x2C00, 0x2CE4}, {0x2D00, 0x2D25}, {0x3005, 0x3006},
    {0x3041, 0x3096},   {0x30A1, 0x30FA}, {0x30FC, 0x30FF}, {0x3105, 0x312F}, {0x3131, 0x318E},
    {0x3400, 0x4DBF},   {0x4E00, 0xA48C}, {0xA640, 0xA66E}, {0xA722, 0xA788}, {0xAC00, 0xD7A3},
    {0xF900, 0xFAD9},   {0xFF21, 0xFF3A}, {0xFF41, 0xFF5A}, {0xFF66, 0xFFDC}, {0x1D400, 0x1D7CB},
    {0x20000, 0x323AF},
};

bool is_letter(char32_t c) {
  const auto* range = std::find_if(std::begin(letters), std::end(letters),
                                   [&](const Range& r) { return c <= r.last; });
  return range != std::end(letters) && c >= range->first;
}

/// Length of the letter, digit or '_' at the front; 0 if there is none.
std::size_t word_character(std::string_view text) {
  if (text.empty()) return 0;
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) {
    const char c = text.front();
    return support::is_alpha(c) || support::is_digit(c) || c == '_' ? 1 : 0;
  }
  const std::size_t size = lead < 0xC2   ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return 0;
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) return 0;
    code = (code << 6U) | (byte & 0x3FU);
  }
  return is_letter(code) ? size : 0;
}

}  // namespace

std::size_t variable_name_length(std::string_view text) {
  if (text.empty()) return 0;
  std::size_t length = 0;
  if (support::is_digit(text.front())) {
    while (length < text.size() && support::is_digit(text[length])) ++length;
    return length;
  }
  while (const std::size_t size = word_character(text.substr(length))) length += size;
  if (length > 0) return length;
  static constexpr std::string_view special = "@*#?-$!";
  return special.find(text.front()) == std::string_view::npos ? 0 : 1;
}

}  // namespace ocibuild::dockerfile
