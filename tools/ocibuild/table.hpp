// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ocibuild::program {

/// Columns as docker prints them: left-aligned, `gap` spaces apart, the last one not padded.
class Table {
public:
  explicit Table(std::vector<std::string> header, std::size_t gap = 3) : gap_(gap) {
    rows_.push_back(std::move(header));
  }
  /// As many cells as the header has; they must be printable (terminal_text).
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string str() const;

private:
  std::size_t gap_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ocibuild::program
