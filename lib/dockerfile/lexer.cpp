// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lexer.hpp"

#include <algorithm>
#include <utility>

#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::is_blank;
using support::quote;

Span LogicalLine::span(Slice slice) const {
  if (place) return *place;
  const auto after = std::upper_bound(
      pieces.begin(), pieces.end(), slice.offset,
      [](std::size_t offset, const Piece& piece) { return offset < piece.offset; });
  const Piece& piece = *std::prev(after);
  const std::size_t piece_end = after == pieces.end() ? text.size() : after->offset;
  const std::size_t end = std::min(slice.end(), piece_end);
  const std::size_t length = end > slice.offset ? end - slice.offset : 1;
  return {piece.line, piece.column + static_cast<unsigned>(slice.offset - piece.offset),
          static_cast<unsigned>(length), first_line, last_line};
}

namespace {

/// Index of the first byte that is no blank.
std::size_t indent_of(std::string_view line) {
  std::size_t i = 0;
  while (i < line.size() && is_blank(line[i])) ++i;
  return i;
}

/// Length of `line` without an escape character at its end that continues it; nothing if it ends
/// here.
std::optional<std::size_t> continued_length(std::string_view line, char escape) {
  std::size_t end = line.size();
  while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t')) --end;
  if (end == 0 || line[end - 1] != escape) return std::nullopt;
  if (end > 1 && line[end - 2] == escape) return std::nullopt;
  return end - 1;
}

}  // namespace

/// Appends the physical line `next_` from `column` on and moves behind it.
void Lexer::append(LogicalLine& line, std::size_t column, bool& goes_on) {
  const std::string_view text = std::string_view(source_.lines()[next_]).substr(column);
  const auto length = continued_length(text, escape_);
  goes_on = length.has_value();
  if (length.value_or(text.size()) > 0 || line.pieces.empty()) {
    line.pieces.push_back(
        {line.text.size(), static_cast<unsigned>(next_ + 1), static_cast<unsigned>(column + 1)});
  }
  line.text += text.substr(0, length.value_or(text.size()));
  line.last_line = static_cast<unsigned>(++next_);
}

std::optional<LogicalLine> Lexer::next() {
  const std::vector<std::string>& lines = source_.lines();
  while (next_ < lines.size()) {
    const std::size_t indent = indent_of(lines[next_]);
    if (indent == lines[next_].size() || lines[next_][indent] == '#') {
      ++next_;
      continue;
    }
    LogicalLine line;
    line.place = place_;
    line.first_line = static_cast<unsigned>(next_ + 1);
    bool goes_on = false;
    append(line, indent, goes_on);
    while (goes_on && next_ < lines.size()) {
      const std::size_t inner = indent_of(lines[next_]);
      const bool empty = inner == lines[next_].size();
      if (empty && line.empty_line == 0) line.empty_line = static_cast<unsigned>(next_ + 1);
      if (empty || lines[next_][inner] == '#') {
        line.last_line = static_cast<unsigned>(++next_);
      } else {
        // A lone continuation character has no text yet: the next line's blanks are leading ones.
        append(line, line.text.empty() ? inner : 0, goes_on);
      }
    }
    if (line.text.empty()) continue;
    // The first piece is empty when the instruction began with a lone continuation character.
    while (line.pieces.size() > 1 && line.pieces[1].offset == 0) {
      line.pieces.erase(line.pieces.begin());
    }
    read_heredocs(line);
    return line;
  }
  return std::nullopt;
}

std::optional<Heredoc> heredoc_in(std::string_view word) {
  std::size_t i = 0;
  while (i < word.size() && support::is_digit(word[i])) ++i;
  if (!word.substr(i).starts_with("<<")) return std::nullopt;
  i += 2;
  Heredoc out{.name = {}, .expand = true};
  if (i < word.size() && word[i] == '-') {
    out.strip = true;
    ++i;
  }
  if (word.substr(i).find('<') != std::string_view::npos) return std::nullopt;
  char open = 0;
  for (; i < word.size(); ++i) {
    const char c = word[i];
    if (open != 0 && c == open) {
      open = 0;
    } else if (open == 0 && (c == '\'' || c == '"')) {
      open = c;
      out.expand = false;
    } else if (c == '\\' && open != '\'' && i + 1 < word.size()) {
      out.name += word[++i];
    } else {
      out.name += c;
    }
  }
  if (out.name.empty() || open != 0) return std::nullopt;
  return out;
}

namespace {

/// Heredocs of RUN, COPY and ADD, also behind ONBUILD; none in the JSON form.
std::vector<Heredoc> heredocs_of(std::string_view text, char escape) {
  std::vector<Heredoc> out;
  if (text.find("<<") == std::string_view::npos) return out;
  std::size_t begin = 0;
  for (int level = 0; level < 2; ++level) {
    begin += indent_of(text.substr(begin));
    std::size_t end = begin;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const std::string keyword = support::to_lower(text.substr(begin, end - begin));
    begin = end;
    if (keyword == "run" || keyword == "copy" || keyword == "add") break;
    if (keyword != "onbuild" || level > 0) return out;
  }
  begin += split_flags(text.substr(begin), escape).rest;
  if (support::parse_string_array(text.substr(begin)).is_array) return out;
  // Heredoc words quote with a backslash, whatever the directive says.
  for (const Slice& slice : split_quoted(text.substr(begin), '\\')) {
    if (auto heredoc = heredoc_in(slice.of(text.substr(begin)))) {
      heredoc->at = {slice.offset + begin, slice.length};
      out.push_back(std::move(*heredoc));
    }
  }
  return out;
}

}  // namespace

void Lexer::read_heredocs(LogicalLine& line) {
  line.heredocs = heredocs_of(line.text, escape_);
  for (Heredoc& heredoc : line.heredocs) {
    if (read_body(heredoc)) continue;
    findings_.error("heredoc-unterminated",
                    concat("no line ", quote(heredoc.name),
                           " ends the heredoc that starts on line ", line.first_line),
                    line.span(heredoc.at),
                    {.helps = {concat("add a line that is exactly ", quote(heredoc.name))}});
    return;
  }
}

/// Nothing in a body is special but the line that ends it (10.2).
bool Lexer::read_body(Heredoc& heredoc) {
  for (; next_ < source_.lines().size(); ++next_) {
    std::string_view line = source_.lines()[next_];
    while (heredoc.strip && line.starts_with('\t')) line.remove_prefix(1);
    if (line == heredoc.name) {
      ++next_;
      return true;
    }
    heredoc.body += source_.line_with_end(next_);
  }
  return false;
}

}  // namespace ocibuild::dockerfile
