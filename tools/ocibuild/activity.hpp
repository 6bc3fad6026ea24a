// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ocibuild/event.hpp>

namespace ocibuild::program {

using Time = std::chrono::steady_clock::time_point;

/// How fast something comes, over the last three seconds.
class RateMeter {
public:
  void add(Time now, std::uint64_t done);
  /// Bytes a second; nothing before there is something to divide by.
  std::optional<std::uint64_t> rate(Time now) const;

private:
  std::deque<std::pair<Time, std::uint64_t>> samples_;  ///< the first is at least 3 s old, if any
};

/// A blob on its way.
struct Transfer {
  std::string digest{};
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  Time started{};
  RateMeter meter{};
  std::optional<Retrying> retry{};  ///< it waits for another attempt
  Time retry_at{};
};

/// Blobs that move together, to or from one host, or are compressed.
struct TransferGroup {
  Movement movement = Movement::pull;
  std::string host{};
  std::uint64_t blobs = 0;
  std::uint64_t moved = 0;
  std::uint64_t was_there = 0;
  std::uint64_t mounted = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes_moved = 0;
  Time started{};
  std::vector<Transfer> transfers{};  ///< under way, in the order of their beginning

  bool finished() const { return moved + was_there + mounted + failed >= blobs; }
};

/// What is under way, as events tell it. No clock, no terminal.
class Activity {
public:
  void on_event(const Event& event, Time now);

  bool idle() const { return doing_.empty() && groups_.empty(); }
  /// The step or wait that goes on; empty when blobs move instead, or nothing.
  const std::string& doing() const { return doing_; }
  Time doing_since() const { return since_; }
  /// What an error now would be the end of; empty if there is nothing.
  std::string interrupted() const;
  const std::vector<TransferGroup>& groups() const { return groups_; }
  /// Groups that came to their end since the last call.
  std::vector<TransferGroup> take_finished() { return std::exchange(finished_, {}); }
  void clear();

private:
  void begin(std::string what, Time now);
  void end();
  void retrying(const Retrying& event, Time now);
  void moved(const BlobMoved& event, Time now);
  TransferGroup* group(Movement movement, const std::string& host);

  std::string doing_;
  std::string last_;  ///< what was begun last and has not ended
  Time since_{};
  std::vector<TransferGroup> groups_;
  std::vector<TransferGroup> finished_;
};

}  // namespace ocibuild::program
