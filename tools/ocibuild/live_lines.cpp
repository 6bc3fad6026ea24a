// SPDX-License-Identifier: Apache-2.0
#include "live_lines.hpp"

#include <algorithm>

#include "diagnostic_text.hpp"
#include "progress_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t most_bars = 8;
constexpr std::size_t widest_row = 100;  // columns are not torn apart on a wide screen
constexpr std::size_t longest_bar = 24;
constexpr std::size_t shortest_bar = 6;
constexpr std::size_t size_width = 9;
constexpr std::size_t end_width = 8;
constexpr std::size_t width_for_both_sizes = 60;
constexpr std::chrono::seconds first_estimate{2};
constexpr std::chrono::seconds long_step{1};

// Colours of ECMA-48.
constexpr const char* running = "36";
constexpr const char* dim = "2";
constexpr const char* yellow = "33";

/// Text in pieces of one style each, so that it is cut by what is seen.
class Line {
public:
  Line(std::size_t width, const Look& look) : left_(width), look_(look) {}

  void add(const std::string& text, const char* style = "") {
    if (cut_) return;
    const std::string shown = cut_columns(text, left_, look_);
    cut_ = shown != text;
    left_ -= display_width(shown);
    if (!shown.empty()) out_ += *style == '\0' ? shown : dressed(look_, style, shown);
  }
  /// Blanks until `columns` are left.
  void fill_to(std::size_t columns) {
    if (left_ > columns) add(std::string(left_ - columns, ' '));
  }
  std::size_t left() const { return left_; }
  std::string str() {
    // Only blanks of ours can be at the end, never inside of a style.
    out_.erase(out_.find_last_not_of(' ') + 1);
    return std::move(out_);
  }

private:
  std::size_t left_;
  const Look& look_;
  bool cut_ = false;
  std::string out_;
};

std::string right(const std::string& text, std::size_t width) {
  const std::size_t used = display_width(text);
  return used >= width ? text : std::string(width - used, ' ') + text;
}

/// One column less than the terminal has: the last one makes some of them wrap.
std::size_t usable(const Frame& frame) {
  return frame.width > 1 ? frame.width - 1 : 1;
}

std::string spinner(const Frame& frame) {
  const Symbols& signs = symbols(frame.look);
  const auto tenth =
      std::chrono::duration_cast<std::chrono::milliseconds>(frame.now.time_since_epoch()).count() /
      100;
  return signs.spinner[static_cast<std::size_t>(tenth) % signs.spinner_size];
}

std::string bar(const Transfer& transfer, std::size_t width, const Symbols& signs) {
  const std::uint64_t total = std::max<std::uint64_t>(transfer.total, 1);
  const std::uint64_t done = std::min(transfer.done, total);
  const auto halves = static_cast<std::size_t>(
      static_cast<double>(done) / static_cast<double>(total) * static_cast<double>(2 * width));
  std::string out;
  for (std::size_t cell = 0; cell < width; ++cell) {
    const bool full = halves >= 2 * cell + 2;
    out += full ? signs.bar_full : halves == 2 * cell + 1 ? signs.bar_head : signs.bar_rest;
  }
  return out;
}

std::string time_left(const Transfer& transfer, std::uint64_t rate, Time now) {
  if (now - transfer.started < first_estimate) return "";
  const std::uint64_t bytes = transfer.total - std::min(transfer.done, transfer.total);
  const std::uint64_t seconds = std::min<std::uint64_t>(bytes / rate, 360'000);
  return human_left(std::chrono::seconds(seconds)) + " left";
}

std::string transfer_line(const Transfer& transfer, const Frame& frame) {
  const Symbols& signs = symbols(frame.look);
  Line line(std::min(usable(frame), widest_row), frame.look);
  line.add("  " + bare_digest(transfer.digest) + "  ");
  if (transfer.retry) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(transfer.retry_at - frame.now);
    line.add(std::string(signs.warning) + ' ' +
                 retry_text(*transfer.retry, std::max(left, std::chrono::seconds(0))),
             yellow);
    return line.str();
  }
  constexpr std::size_t numbers = 2 + 14 + 2 + 10 + 2 + 11;  // what may follow the bar
  const std::size_t room = line.left() > numbers ? line.left() - numbers : 0;
  if (room >= shortest_bar)
    line.add(bar(transfer, std::min(room, longest_bar), signs) + "  ", running);
  line.add(human_progress(transfer.done, transfer.total));
  if (const auto rate = transfer.meter.rate(frame.now); rate && *rate > 0) {
    line.add("  " + human_size(*rate) + "/s");
    const std::string left = time_left(transfer, *rate, frame.now);
    if (!left.empty()) line.add("  " + left, dim);
  }
  return line.str();
}

std::string running_line(const std::string& text, Time since, const Frame& frame) {
  Line line(std::min(usable(frame), widest_row), frame.look);
  const bool slow = frame.now - since >= long_step;
  const std::string time = slow ? right(plain_seconds(frame.now - since), end_width) : "";
  line.add(spinner(frame), running);
  line.add(' ' + (line.left() > time.size() + 1
                      ? cut_columns(text, line.left() - time.size() - 1, frame.look)
                      : text));
  line.fill_to(time.size());
  line.add(time, dim);
  return line.str();
}

}  // namespace

std::string cut_columns(const std::string& printable, std::size_t width, const Look& look) {
  if (display_width(printable) <= width) return printable;
  const std::string ellipsis = symbols(look).ellipsis;
  const std::size_t kept = width - std::min(width, display_width(ellipsis));
  std::string out;
  std::size_t used = 0;
  for (const Cell& cell : cells(printable)) {
    if (used + cell.width > kept) break;
    used += cell.width;
    out += cell.shown;
  }
  return out + ellipsis.substr(0, display_width(ellipsis) > width ? width : std::string::npos);
}

std::string group_text(const TransferGroup& group) {
  const MovementWords& words = words_of(group.movement);
  std::string out = words.verb;
  if (!group.host.empty()) out += ' ' + terminal_text(group.host);
  out += "   ";
  const std::pair<std::uint64_t, const char*> counts[] = {{group.moved, words.done},
                                                          {group.was_there, "already there"},
                                                          {group.mounted, "mounted"},
                                                          {group.failed, "failed"}};
  bool first = true;
  for (const auto& [count, word] : counts) {
    if (count == 0) continue;
    const std::string of = count == group.blobs ? "" : std::to_string(count) + " of ";
    out += first ? of + counted(group.blobs, words.thing) + ' ' + word
                 : ", " + std::to_string(count) + ' ' + word;
    first = false;
  }
  return first ? out + counted(group.blobs, words.thing) : out;
}

std::vector<std::string> live_lines(const Activity& activity, const Frame& frame) {
  std::vector<std::string> out;
  if (!activity.doing().empty())
    out.push_back(running_line(activity.doing(), activity.doing_since(), frame));
  const std::size_t most = frame.height > 3 ? frame.height - 2 : 1;
  for (const TransferGroup& group : activity.groups()) {
    out.push_back(running_line(group_text(group), group.started, frame));
    const std::size_t room = most > out.size() ? most - out.size() : 0;
    std::size_t shown = std::min(most_bars, group.transfers.size());
    if (shown > room || (shown < group.transfers.size() && shown + 1 > room))
      shown = room > 0 ? room - 1 : 0;
    for (std::size_t i = 0; i < shown; ++i) out.push_back(transfer_line(group.transfers[i], frame));
    const std::size_t rest = group.transfers.size() - shown;
    if (rest > 0 && room > 0) out.push_back("  +" + std::to_string(rest) + " more");
  }
  if (out.size() > most) out.resize(most);
  return out;
}

std::string done_line(const DoneRow& row, const Frame& frame) {
  Line line(std::min(usable(frame), widest_row), frame.look);
  const bool both = !row.from.empty() && line.left() >= width_for_both_sizes;
  const std::string arrow = std::string(" ") + symbols(frame.look).arrow + ' ';
  std::string sizes;
  if (!row.to.empty()) sizes = right(row.to, both ? size_width + 2 : size_width + 1);
  if (both) sizes = right(row.from, size_width + 1) + arrow + right(row.to, size_width);
  const std::string end = row.end.empty() && row.to.empty() ? "" : right(row.end, end_width);
  const std::size_t tail = display_width(sizes) + display_width(end);
  line.add(row.symbol, row.colour);
  const std::size_t room = line.left() > tail + 1 ? line.left() - tail - 1 : 0;
  const std::string title = cut_columns(row.title, room, frame.look);
  line.add(' ' + title);
  if (!row.note.empty() && title == row.title)
    line.add(cut_columns("  " + row.note, room - display_width(title), frame.look), dim);
  line.fill_to(tail);
  line.add(sizes);
  if (!row.end.empty()) line.add(end, dim);
  return line.str();
}

}  // namespace ocibuild::program
