// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>

#include "context/directory.hpp"
#include "support/worker_pool.hpp"

namespace ocibuild::context {

/// Reads directories that a walk will ask for soon, on threads of its own: a walk waits for the
/// system most of its time. Contexts of few directories get no thread. Thread-safe.
class ReadAhead {
public:
  /// `threads`: 0 reads nothing. `known`: as for Directory::read().
  ReadAhead(std::shared_ptr<const RootDirectory> root, StatIndex* known, unsigned threads);

  /// These will be asked for next, in this order and before those of earlier calls.
  void want(std::span<const oci::RootfsPath> paths);
  /// The directory if it was read, or is being read: then waits for it. Null if it was not, or
  /// cannot be: the caller reads it and sees why. Nothing reads it after that.
  std::shared_ptr<Directory> take(const oci::RootfsPath& path);

private:
  struct Slot {
    enum class State { wanted, reading, done } state = State::wanted;
    std::shared_ptr<Directory> directory{};
  };
  void read_next();

  const std::shared_ptr<const RootDirectory> root_;
  StatIndex* const known_;
  const unsigned threads_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<oci::RootfsPath> order_;  ///< what is wanted; also what was taken since
  std::unordered_map<std::string, Slot> slots_;
  support::WorkerPool pool_;  // last: its threads use all of the above
};

}  // namespace ocibuild::context
