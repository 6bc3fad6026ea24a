// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>

#include <ocibuild/event.hpp>

#include "registry/blob_download.hpp"

namespace ocibuild::engine {

/// Moves blobs on a few threads while the calling thread sends their events
/// (docs/reference/registry.md, N6, E3).
class Transfers {
public:
  /// `events` is called from the thread that calls run() only.
  Transfers(EventSink& events, std::stop_source& cancel) : events_(events), cancel_(cancel) {}

  /// One blob that moves. Call its members from the thread that moves it.
  class Bar {
  public:
    Bar(Transfers& owner, BlobMoved moved) : owner_(owner), moved_(std::move(moved)) {}
    /// For the registry room.
    registry::TransferObserver observer();
    void done(BlobMoved::State state);
    /// For a blob whose size its server tells.
    void expect(std::uint64_t total) { moved_.total = total; }

  private:
    void send();
    Transfers& owner_;
    BlobMoved moved_;
  };

  /// Does all `jobs` on at most `threads` threads. The first that throws cancels the others, and
  /// its error is thrown here once all have ended.
  void run(const std::vector<std::function<void()>>& jobs, unsigned threads);

private:
  void post(const BlobMoved& moved);
  void work(const std::vector<std::function<void()>>& jobs);

  EventSink& events_;
  std::stop_source& cancel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<BlobMoved> posted_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::exception_ptr failure_;
};

}  // namespace ocibuild::engine
