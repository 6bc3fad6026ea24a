// SPDX-License-Identifier: Apache-2.0
#include "live_terminal.hpp"

#include <sys/ioctl.h>

#include <algorithm>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
constexpr std::string_view erase_below = "\x1b[J";

/// Columns of a line, its colours left out.
std::size_t width_of(const std::string& line) {
  std::string seen;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\x1b') {
      at = std::min(line.find('m', at), line.size() - 1);
    } else {
      seen += line[at];
    }
  }
  return display_width(seen);
}

}  // namespace

LiveTerminal::Size LiveTerminal::size() const {
  winsize size{};
  const bool known = stream_.descriptor >= 0 && ::ioctl(stream_.descriptor, TIOCGWINSZ, &size) == 0;
  return {known && size.ws_col > 0 ? size.ws_col : stream_.columns,
          known && size.ws_row > 0 ? size.ws_row : std::size_t{24}};
}

/// A terminal that became narrower has wrapped them.
std::size_t LiveTerminal::rows_drawn(std::size_t width) const {
  std::size_t rows = 0;
  for (const std::size_t columns : drawn_)
    rows += std::max<std::size_t>(1, (columns + width - 1) / std::max<std::size_t>(width, 1));
  return rows;
}

void LiveTerminal::show(std::string_view text, const std::vector<std::string>& lines) {
  if (text.empty() && lines.empty() && drawn_.empty()) return;
  std::string out;
  if (!drawn_.empty()) {
    out += "\x1b[" + std::to_string(rows_drawn(size().width)) + "A\r";
    out += erase_below;
  } else if (!lines.empty()) {
    out += hide_cursor;
    if (stream_.cursor_hidden != nullptr) *stream_.cursor_hidden = true;
  }
  out += text;
  for (const std::string& line : lines) out += line + '\n';
  if (lines.empty() && !drawn_.empty()) out += show_cursor;
  drawn_.clear();
  for (const std::string& line : lines) drawn_.push_back(width_of(line));
  stream_.sink->write(out);
  if (lines.empty() && stream_.cursor_hidden != nullptr) *stream_.cursor_hidden = false;
}

}  // namespace ocibuild::program
