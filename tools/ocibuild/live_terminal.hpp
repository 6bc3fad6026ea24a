// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "activity.hpp"
#include "io.hpp"

namespace ocibuild::program {

/// Keeps some lines at the bottom of a terminal that change, while others scroll up above them.
/// Writes each change at once, so that nobody sees half of it. The cursor is hidden only while
/// there are such lines, and stands below them.
class LiveTerminal {
public:
  explicit LiveTerminal(const OutputStream& stream) : stream_(stream) {}

  struct Size {
    std::size_t width;
    std::size_t height;
  };
  /// As the terminal says now: it may be resized at any time.
  Size size() const;

  /// False while somebody resizes the terminal and there are lines at its bottom. It wraps what is
  /// there before it tells its new width, tmux up to a quarter of a second before: what is drawn
  /// meanwhile would be counted wrong and leave rows behind. Once this is true again, the lines
  /// take as many rows as their widths and its own say.
  bool is_steady(Time now);
  /// For what cannot be drawn later. Returns all the same when somebody goes on resizing.
  void wait_until_steady();

  /// `text` (whole lines) scrolls up; `lines` replace the ones at the bottom.
  void show(std::string_view text, const std::vector<std::string>& lines);

private:
  /// What writes `text` and `lines` over the lines of the last time.
  std::string overwritten(std::string_view text, const std::vector<std::string>& lines) const;
  /// Rows that the lines of the last time take, now that the terminal is `width` wide.
  std::size_t rows_drawn(std::size_t width) const;

  const OutputStream stream_;
  std::vector<std::size_t> drawn_;  ///< widths of the lines at the bottom
  std::size_t width_ = 0;           ///< of the terminal, as is_steady() saw it last
  Time changed_{};                  ///< when that was another one
};

}  // namespace ocibuild::program
