// SPDX-License-Identifier: Apache-2.0
#pragma once

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
};

/// The physical lines of a Dockerfile, for messages.
class SourceText {
public:
  SourceText() = default;
  /// `file`: as the user named it. A BOM is dropped; line ends are LF or CRLF.
  SourceText(std::string file, std::string_view text);
  const std::string& file() const { return file_; }
  const std::vector<std::string>& lines() const { return lines_; }
  /// `span` with the excerpt of its instruction and `label` behind the carets.
  SourceRange range(const Span& span, std::string label = {}) const;

private:
  std::string file_;
  std::vector<std::string> lines_;
};

}  // namespace ocibuild::dockerfile
