// SPDX-License-Identifier: Apache-2.0
#include "support/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <ocibuild/error.hpp>

namespace ocibuild::support {

namespace {

/// Length of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t size = lead < 0x80   ? 1
                           : lead < 0xC2 ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (lead == 0xC2 && byte(1) < 0xA0) return 0;  // C1 controls move terminals as well
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90)) return 0;
  return size;
}

void append_escaped(std::string& out, unsigned char c) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (c) {
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\r':
      out += "\\r";
      break;
    default:
      out += "\\x";
      out += hex[c >> 4];
      out += hex[c & 15];
  }
}

}  // namespace

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto c = static_cast<unsigned char>(text.front());
    const std::size_t size = c < 0x20 || c == 0x7F ? 0 : utf8_length(text);
    if (size == 0) {
      append_escaped(out, c);
      text.remove_prefix(1);
    } else {
      out += text.substr(0, size);
      text.remove_prefix(size);
    }
  }
  return out;
}

std::string quote(std::string_view text) {
  return concat('"', escape_controls(text), '"');
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

namespace {
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
}  // namespace

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<std::vector<std::string>> split_csv(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    std::string part;
    std::size_t at = 0;
    if (text.starts_with('"')) {
      for (at = 1; at < text.size() && (text[at] != '"' || text.substr(at).starts_with("\"\""));) {
        part += text[at];
        at += text[at] == '"' ? 2 : 1;
      }
      if (at == text.size()) return std::nullopt;
      ++at;
    } else {
      at = std::min(text.find(','), text.size());
      part = text.substr(0, at);
    }
    parts.push_back(std::move(part));
    if (at == text.size()) return parts;
    if (text[at] != ',') return std::nullopt;
    text.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != &parts.front()) out += separator;
    out += part;
  }
  return out;
}

bool parse_number(std::string_view text, std::uint64_t max, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out <= max;
}

}  // namespace ocibuild::support

namespace ocibuild {

namespace {

constexpr std::size_t farthest = 2;   // edits that still make a word "nearly" another
constexpr std::size_t longest = 100;  // characters of a word that somebody mistypes

/// Optimal string alignment distance (a swap of neighbours counts one); `farthest` + 1 if it is
/// more. Only cells near the diagonal can be that low. Both texts: at most `longest` + 2.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, longest + 4>;
  constexpr std::size_t far = farthest + 1;
  std::array<Row, 3> rows{};
  for (std::size_t j = 0; j < rows[0].size(); ++j) rows[0][j] = std::min(j, far);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Row& row = rows[i % 3];
    const Row& last = rows[(i - 1) % 3];
    const Row& before = rows[(i + 1) % 3];
    const std::size_t begin = i > farthest ? i - farthest : 1;
    const std::size_t end = std::min(b.size(), i + farthest);
    row[begin - 1] = begin == 1 ? std::min(i, far) : far;
    for (std::size_t j = begin; j <= end; ++j) {
      row[j] =
          std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    row[end + 1] = far;
  }
  return std::min(rows[a.size() % 3][b.size()], far);
}

}  // namespace

std::optional<std::string> closest_match(std::string_view word,
                                         const std::vector<std::string>& candidates) {
  if (word.size() > longest) return std::nullopt;
  const std::string wanted = support::to_lower(word);
  std::size_t best = wanted.size() <= 3 ? 1 : farthest;
  std::optional<std::string> found;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > wanted.size() + farthest) continue;
    if (wanted.size() > candidate.size() + farthest) continue;
    const std::size_t distance = edit_distance(wanted, support::to_lower(candidate));
    if (distance < best || (distance == best && !found)) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

}  // namespace ocibuild
