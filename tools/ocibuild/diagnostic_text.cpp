// SPDX-License-Identifier: Apache-2.0
#include "diagnostic_text.hpp"

#include <algorithm>

#include "progress_text.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t longest_line = 200;     // columns of a quoted source line
constexpr std::size_t kept_before_mark = 60;  // of a longer one
constexpr unsigned whole_excerpt = 12;        // lines; of a longer instruction only some are shown
constexpr unsigned lines_around = 2;

/// A source line as shown, with the columns of it that are marked.
struct QuotedLine {
  std::string text;
  std::string before;  ///< as wide as what precedes the mark, tabs kept
  std::string mark;
};

QuotedLine quote_line(const std::string& line, std::size_t begin, std::size_t end) {
  QuotedLine out;
  const std::vector<Cell> all = cells(line);
  std::size_t width = 0;
  std::size_t mark_at = 0;
  for (const Cell& cell : all) {
    if (cell.offset < begin) mark_at += cell.width;
    width += cell.width;
  }
  // A minified line is shown around its mark only.
  std::size_t skip =
      width > longest_line && mark_at > kept_before_mark ? mark_at - kept_before_mark : 0;
  if (skip > 0) out.text = out.before = "...", out.before = "   ";
  std::size_t shown = 0;
  for (const Cell& cell : all) {
    if (skip > 0) {
      skip -= std::min<std::size_t>(skip, cell.width);
      continue;
    }
    if (shown + cell.width > longest_line) {
      out.text += "...";
      break;
    }
    shown += cell.width;
    out.text += cell.shown;
    if (cell.offset < begin) {
      out.before += cell.shown == "\t" ? "\t" : std::string(cell.width, ' ');
    } else if (cell.offset < end) {
      out.mark += std::string(cell.width, '^');
    }
  }
  return out;
}

/// Draws the excerpt of `where`, each line behind a gutter with its number.
class Excerpt {
public:
  Excerpt(const SourceRange& where, const Look& look, const char* colour)
      : where_(where), look_(look), colour_(colour) {
    const std::size_t last = where.first_line + std::max<std::size_t>(where.excerpt.size(), 1) - 1;
    digits_ = std::to_string(std::max<std::size_t>(last, where.line)).size();
  }

  std::size_t digits() const { return digits_; }

  std::string str() {
    bool cut = false;
    for (unsigned i = 0; i < where_.excerpt.size(); ++i) {
      if (is_shown(i)) {
        add(i);
        cut = false;
      } else if (!cut) {
        out_ += gutter("") + "...\n";
        cut = true;
      }
    }
    return std::move(out_);
  }

private:
  bool is_shown(unsigned i) const {
    if (i == 0 || where_.excerpt.size() <= whole_excerpt) return true;
    const unsigned number = where_.first_line + i;
    return number + lines_around >= where_.line && number <= where_.line + lines_around;
  }

  void add(unsigned i) {
    const unsigned number = where_.first_line + i;
    const std::size_t begin =
        number == where_.line && where_.column > 0 ? where_.column - 1 : std::string::npos;
    const QuotedLine line =
        quote_line(where_.excerpt[i], begin, begin + std::max(where_.length, 1U));
    out_ += gutter(std::to_string(number)) + line.text;
    out_.erase(out_.find_last_not_of(" \r") + 1);
    out_ += '\n';
    if (number != where_.line || begin == std::string::npos) return;
    std::string mark = line.mark.empty() ? "^" : line.mark;
    if (!where_.label.empty()) mark += ' ' + message_text(where_.label, look_);
    out_ += gutter("") + line.before + dressed(look_, colour_, mark) + '\n';
  }

  std::string gutter(const std::string& number) const {
    return dressed(look_, "2", ' ' + std::string(digits_ - number.size(), ' ') + number + " |") +
           ' ';
  }

  const SourceRange& where_;
  const Look& look_;
  const char* colour_;
  std::size_t digits_ = 1;
  std::string out_;
};

}  // namespace

std::string dressed(const Look& look, const char* code, const std::string& text) {
  return look.colour ? std::string("\x1b[") + code + 'm' + text + "\x1b[0m" : text;
}

std::string diagnostic_text(const Diagnostic& diagnostic, Severity severity, const Look& look) {
  const char* colour = severity == Severity::error ? "1;31" : "1;33";
  std::string head = severity == Severity::error ? "error" : "warning";
  if (!diagnostic.id.empty()) head += '[' + terminal_text(diagnostic.id) + ']';
  std::string out =
      dressed(look, colour, head) + ": " + message_text(diagnostic.message, look) + '\n';
  std::size_t digits = 1;
  if (diagnostic.where) {
    const SourceRange& where = *diagnostic.where;
    Excerpt excerpt(where, look, colour);
    digits = excerpt.digits();
    out += std::string(digits + 1, ' ') + "--> " + terminal_text(where.file);
    if (where.line > 0) out += ':' + std::to_string(where.line);
    if (where.line > 0 && where.column > 0) out += ':' + std::to_string(where.column);
    out += '\n' + excerpt.str();
  }
  const std::string indent(digits + 2, ' ');
  for (const std::string& note : diagnostic.notes)
    out += indent + "= note: " + message_text(note, look) + '\n';
  for (const std::string& help : diagnostic.helps) {
    out += indent + dressed(look, "2", "= help: " + message_text(help, look)) + '\n';
  }
  return out;
}

}  // namespace ocibuild::program
