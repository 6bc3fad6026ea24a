// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/error.hpp>

namespace ocibuild::dockerfile {

/// A piece of one physical line, and the instruction it belongs to. Everything counts from 1,
/// columns in bytes.
struct Span {
  unsigned line = 0;
  unsigned column = 0;
  unsigned length = 1;
  unsigned first_line = 0;  ///< of the instruction
  unsigned last_line = 0;
  unsigned trigger = 0;  ///< of an ONBUILD trigger, and the place is the FROM that made it run: its
                         ///< number in SourceText; 0: none
};

/// The physical lines of a Dockerfile, for messages.
class SourceText {
public:
  SourceText() = default;
  /// `file`: as the user named it; `path`: where it is, empty if the text is of no file. A BOM is
  /// dropped; line ends are LF or CRLF.
  SourceText(std::string file, std::string_view text, std::filesystem::path path = {});
  const std::string& file() const { return file_; }
  const std::vector<std::string>& lines() const { return lines_; }
  /// `span` with the excerpt of its instruction and `label` behind the carets.
  SourceRange range(const Span& span, std::string label = {}) const;
  /// The same without the excerpt.
  SourceRange bare_range(const Span& span) const;
  /// A line with its line end, `index` from 0; not the last one of a text that ends without.
  std::string line_with_end(std::size_t index) const;

  /// Notes an ONBUILD text of `base` that runs at `from`; gives the place of everything in it.
  Span add_trigger(Span from, std::string text, std::string base);
  /// Facts about `span` that its lines do not show.
  std::vector<std::string> notes(const Span& span) const;

private:
  struct Trigger {
    std::string text;
    std::string base;
  };
  std::string file_;
  std::filesystem::path path_;
  std::vector<std::string> lines_;
  std::vector<bool> crlf_;  ///< for each line, whether CR LF ends it
  std::vector<Trigger> triggers_;
};

}  // namespace ocibuild::dockerfile
