// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/source_text.hpp"

#include <algorithm>
#include <utility>

#include "support/text.hpp"

namespace ocibuild::dockerfile {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
// An instruction longer than this is shown by its marked line alone, so that many findings in one
// huge instruction cost no more than they help.
constexpr unsigned longest_excerpt = 100;
constexpr std::size_t longest_line = 16 * 1024;

}  // namespace

SourceText::SourceText(std::string file, std::string_view text, std::filesystem::path path)
    : file_(std::move(file)), path_(std::move(path)) {
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    crlf_.push_back(line.ends_with('\r'));
    if (crlf_.back()) line.remove_suffix(1);
    lines_.emplace_back(line);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
}

std::string SourceText::line_with_end(std::size_t index) const {
  return lines_[index] + (crlf_[index] ? "\r\n" : "\n");
}

Span SourceText::add_trigger(Span from, std::string text, std::string base) {
  triggers_.push_back({std::move(text), std::move(base)});
  from.trigger = static_cast<unsigned>(triggers_.size());
  return from;
}

std::vector<std::string> SourceText::notes(const Span& span) const {
  if (span.trigger == 0) return {};
  const auto& [text, base] = triggers_[span.trigger - 1];
  return {
      support::concat("in the ONBUILD trigger of ", base, ": ", support::escape_controls(text))};
}

SourceRange SourceText::bare_range(const Span& span) const {
  return {.file = file_,
          .line = span.line,
          .column = span.column,
          .length = span.length,
          .label = {},
          .first_line = 0,
          .excerpt = {},
          .path = path_};
}

SourceRange SourceText::range(const Span& span, std::string label) const {
  SourceRange out = bare_range(span);
  out.label = std::move(label);
  out.first_line = span.first_line;
  if (span.first_line == 0) return out;  // stands in no line
  const auto count = static_cast<unsigned>(lines_.size());
  unsigned last = std::min(span.last_line, count);
  if (last > span.first_line + longest_excerpt) {
    out.first_line = span.line;
    last = std::min(span.line, count);
  }
  for (unsigned line = out.first_line; line <= last; ++line) {
    if (lines_[line - 1].size() > longest_line) {
      out.excerpt.clear();
      return out;
    }
    out.excerpt.push_back(lines_[line - 1]);
  }
  return out;
}

}  // namespace ocibuild::dockerfile
