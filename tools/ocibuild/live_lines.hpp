// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "activity.hpp"
#include "settings.hpp"

/// State to lines, without a terminal: what docs/reference/cli.md 9.4 shows.
namespace ocibuild::program {

/// What lines are made for.
struct Frame {
  std::size_t width = 80;  ///< columns of the terminal
  std::size_t height = 24;
  Look look{};
  Time now{};
};

/// The lines of what is under way, none if nothing is: at most height - 2, each narrower than
/// `width` columns.
std::vector<std::string> live_lines(const Activity& activity, const Frame& frame);

/// A line that stays.
struct DoneRow {
  const char* symbol = "";  ///< of symbols()
  const char* colour = "";  ///< of the symbol
  std::string title{};
  std::string note{};  ///< behind the title, dimmed
  std::string from{};  ///< size before, shown when there is room
  std::string to{};    ///< size after
  std::string end{};   ///< time, or "cached"
};
std::string done_line(const DoneRow& row, const Frame& frame);

/// "push ghcr.io   1 of 6 blobs already there".
std::string group_text(const TransferGroup& group);

/// `printable` in at most `width` columns, the end cut off for the ellipsis if it is longer.
std::string cut_columns(const std::string& printable, std::size_t width, const Look& look);

}  // namespace ocibuild::program
