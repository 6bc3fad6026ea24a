// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <ocibuild/event.hpp>

#include "registry/blob_download.hpp"

namespace ocibuild::engine {

/// Moves blobs on a few threads while the calling thread sends their events, and those of all other
/// registry work (docs/reference/registry.md, N6, E3).
class Transfers {
public:
  /// `events` is called from the thread that makes this only.
  Transfers(EventSink& events, std::stop_source& cancel) : events_(events), cancel_(cancel) {}

  /// Sends an event, from any thread: at once on the thread that made this, else when run() on that
  /// thread comes to it.
  void report(Event event);

  /// One blob that moves. Call its members from the thread that moves it.
  class Bar {
  public:
    /// `moved`: what every event of it says.
    Bar(Transfers& owner, BlobMoved moved) : owner_(owner), moved_(std::move(moved)) {}
    /// For the registry room. Tells that the blob starts.
    registry::TransferObserver observer();
    void done(BlobMoved::State state);
    /// For a blob whose size its server tells.
    void expect(std::uint64_t total) { moved_.total = total; }

  private:
    void moved(std::uint64_t done);

    Transfers& owner_;
    BlobMoved moved_;
    std::chrono::steady_clock::time_point sent_{};
  };

  /// Does all `jobs` on at most `threads` threads. The first that throws cancels the others, and
  /// its error is thrown here once all have ended.
  void run(const std::vector<std::function<void()>>& jobs, unsigned threads);

private:
  void send(std::unique_lock<std::mutex>& lock);
  void work(const std::vector<std::function<void()>>& jobs);

  EventSink& events_;
  std::stop_source& cancel_;
  const std::thread::id owner_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> posted_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
};

}  // namespace ocibuild::engine
