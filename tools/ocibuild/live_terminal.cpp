// SPDX-License-Identifier: Apache-2.0
#include "live_terminal.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <thread>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
constexpr std::string_view erase_right = "\x1b[K";
constexpr std::string_view erase_below = "\x1b[J";
constexpr std::chrono::milliseconds until_steady{400};
constexpr std::chrono::milliseconds between_looks{20};
constexpr std::chrono::milliseconds longest_wait{700};  // a program that is stopped has 900

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

bool LiveTerminal::is_steady(Time now) {
  const std::size_t width = size().width;
  if (width != width_ && !drawn_.empty()) changed_ = now;
  width_ = width;
  return drawn_.empty() || now - changed_ >= until_steady;
}

void LiveTerminal::wait_until_steady() {
  const auto end = std::chrono::steady_clock::now() + longest_wait;
  for (auto now = end - longest_wait; now < end && !is_steady(now);
       now = std::chrono::steady_clock::now())
    std::this_thread::sleep_for(between_looks);
}

/// A terminal that became narrower has wrapped them.
std::size_t LiveTerminal::rows_drawn(std::size_t width) const {
  std::size_t rows = 0;
  for (const std::size_t columns : drawn_)
    rows += std::max<std::size_t>(1, (columns + width - 1) / std::max<std::size_t>(width, 1));
  return rows;
}

/// Each line takes the place of an old one, and what is left of those goes at the end. It is not
/// all erased first: what begins in the first row of the screen would so be cleared to the last
/// one, and tmux keeps the old content of a cleared screen in its history.
std::string LiveTerminal::overwritten(std::string_view text,
                                      const std::vector<std::string>& lines) const {
  const std::size_t width = size().width;
  const std::size_t rows = rows_drawn(width);
  const std::string up = "\x1b[" + std::to_string(rows) + 'A';
  std::string out = up + '\r';
  const auto put = [&](const std::string& line) {
    out.append(erase_right).append(line);
    // Of one that wraps also the last row; not behind the last column, which would go with it.
    const std::size_t columns = width_of(line);
    if (columns > width && columns % width != 0) out += erase_right;
    out += '\n';
  };
  if (text.empty() && lines.empty()) {
    for (std::size_t row = 0; row < rows; ++row) put("");
    return out + up;
  }
  for (; !text.empty(); text.remove_prefix(text.find('\n') + 1))
    put(std::string(text.substr(0, text.find('\n'))));
  for (const std::string& line : lines) put(line);
  return out.append(erase_below);
}

void LiveTerminal::show(std::string_view text, const std::vector<std::string>& lines) {
  if (text.empty() && lines.empty() && drawn_.empty()) return;
  std::string out;
  if (!drawn_.empty()) {
    out += overwritten(text, lines);
  } else {
    if (!lines.empty()) out += hide_cursor;
    if (!lines.empty() && stream_.cursor_hidden != nullptr) *stream_.cursor_hidden = true;
    out += text;
    for (const std::string& line : lines) out += line + '\n';
  }
  if (lines.empty() && !drawn_.empty()) out += show_cursor;
  drawn_.clear();
  for (const std::string& line : lines) drawn_.push_back(width_of(line));
  stream_.sink->write(out);
  if (lines.empty() && stream_.cursor_hidden != nullptr) *stream_.cursor_hidden = false;
}

}  // namespace ocibuild::program
