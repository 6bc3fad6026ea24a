// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "dockerfile/findings.hpp"
#include "dockerfile/instruction.hpp"
#include "dockerfile/words.hpp"

namespace ocibuild::dockerfile {

/// A word `<<NAME` or `<<-NAME`, and the lines below the instruction that belong to it.
struct Heredoc {
  std::string name;     ///< without its quotes
  bool strip = false;   ///< `<<-`: tabs at the front of a line do not count
  bool expand = false;  ///< no part of the name is quoted
  Slice at{};
  std::string body{};  ///< raw lines with their line ends, tabs included
};
/// The heredoc that `word` announces, if it is that.
std::optional<Heredoc> heredoc_in(std::string_view word);

/// One instruction with its continuation lines joined, and the way back to the physical lines.
struct LogicalLine {
  struct Piece {
    std::size_t offset;  ///< of its first byte in `text`
    unsigned line;
    unsigned column;
  };
  std::string text;           ///< never blank; no blanks at the front
  std::vector<Piece> pieces;  ///< ascending
  unsigned first_line = 0;
  unsigned last_line = 0;         ///< of the instruction itself, without heredoc bodies
  unsigned empty_line = 0;        ///< first empty line among the continuation lines; 0: none
  std::vector<Heredoc> heredocs;  ///< in the order of their words
  std::optional<Span> place;      ///< of everything here, when it stands in no line of the file

  /// Place of a part of `text`: where it begins, up to the end of that physical line.
  Span span(Slice slice) const;
  Word word(Slice slice) const { return {std::string(slice.of(text)), span(slice)}; }
};

/// Text -> logical lines: comments, continuation, heredoc bodies (docs/reference/dockerfile.md, 2
/// and 10). Time and memory are linear in the text.
class Lexer {
public:
  /// The arguments must outlive the lexer. `place`: of all of `source`, when that is not the text
  /// that `findings` is about.
  Lexer(const SourceText& source, char escape, Findings& findings, std::optional<Span> place = {})
      : source_(source), escape_(escape), findings_(findings), place_(place) {}

  std::optional<LogicalLine> next();

private:
  void append(LogicalLine& line, std::size_t column, bool& goes_on);
  void read_heredocs(LogicalLine& line);
  bool read_body(Heredoc& heredoc);

  const SourceText& source_;
  const char escape_;
  Findings& findings_;
  const std::optional<Span> place_;
  std::size_t next_ = 0;  ///< index of the next physical line
};

}  // namespace ocibuild::dockerfile
