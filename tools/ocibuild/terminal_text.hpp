// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::program {

/// One character as a terminal shows it.
struct Cell {
  std::string shown;       ///< printable: control characters and bad UTF-8 are escaped
  unsigned width = 1;      ///< columns; a tab has 1 but is for the terminal to place
  std::size_t offset = 0;  ///< byte in the text it came from
};

/// The characters of `text`. Tabs stay tabs; every other control character, bidirectional override
/// and byte that is no UTF-8 becomes visible (\n, \x1b, \u202e), so that text from a file or an
/// image can neither move the cursor nor hide something.
std::vector<Cell> cells(std::string_view text);

/// One printable line, cut at `limit` characters with "...". Tabs are escaped too.
std::string terminal_text(std::string_view text, std::size_t limit = 500);

/// Columns of a text that terminal_text() or cells() made.
std::size_t display_width(std::string_view text);

}  // namespace ocibuild::program
