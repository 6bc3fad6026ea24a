// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <semaphore>

#include "layer/chunk_maker.hpp"
#include "layer/spare.hpp"
#include "support/worker_pool.hpp"

namespace ocibuild::layer {

/// The threads that make the chunks of all layers of a build, however many are written at a time,
/// and room for what they make: memory grows with neither. Thread-safe.
class ChunkWorkers {
public:
  /// `jobs`: threads.
  explicit ChunkWorkers(unsigned jobs)
      : jobs_(jobs), room_(static_cast<std::ptrdiff_t>(jobs) + more_than_jobs), pool_(jobs) {}

  unsigned jobs() const { return jobs_; }
  support::WorkerPool& pool() { return pool_; }

  /// What a chunk was made in and with, for the next one of whichever layer.
  Spare<MadeChunk>& spare_chunks() { return spare_chunks_; }
  Spare<std::unique_ptr<ChunkTools>>& spare_tools() { return spare_tools_; }

  /// Each chunk from its order until it is written takes one place. A layer with chunks under way
  /// must not wait for another place: it writes those first, and so no two wait for each other.
  void wait_for_room() { room_.acquire(); }
  bool has_room() { return room_.try_acquire(); }
  void give_room() { room_.release(); }

private:
  /// What waits to be written, so that no thread waits while a chunk before its own takes longer.
  static constexpr std::ptrdiff_t more_than_jobs = 3;

  const unsigned jobs_;
  std::counting_semaphore<> room_;
  Spare<MadeChunk> spare_chunks_;
  Spare<std::unique_ptr<ChunkTools>> spare_tools_;
  support::WorkerPool pool_;  // last: its threads use all of the above
};

/// The room that one layer has among the chunks of all.
class RoomTaken {
public:
  explicit RoomTaken(ChunkWorkers& workers) : workers_(workers) {}
  ~RoomTaken() {
    while (count_ > 0) give();
  }
  RoomTaken(const RoomTaken&) = delete;
  RoomTaken& operator=(const RoomTaken&) = delete;

  /// Waits for the first place. False when there is no other now.
  bool take() {
    if (count_ == 0) {
      workers_.wait_for_room();
    } else if (!workers_.has_room()) {
      return false;
    }
    ++count_;
    return true;
  }
  void give() {
    workers_.give_room();
    --count_;
  }

private:
  ChunkWorkers& workers_;
  std::size_t count_ = 0;
};

}  // namespace ocibuild::layer
