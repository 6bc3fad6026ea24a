// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "context/directory.hpp"
#include "support/worker_pool.hpp"

namespace ocibuild::context {

/// Reads the directories below those that a walk is in, on threads of its own, from the last one
/// that the walk will come to: so they meet in the middle, and neither waits for the other. What is
/// ignored as a whole is not read. Contexts of few directories get no thread. Thread-safe.
class ReadAhead {
public:
  /// A directory, and what the rules say of it.
  struct Wanted {
    oci::RootfsPath path;
    IgnoreRules::Hits hits;
  };

  /// `threads`: 0 reads nothing. `known`: as for Directory::read(). `rules` must outlive this.
  ReadAhead(std::shared_ptr<const RootDirectory> root, const IgnoreRules& rules, StatIndex* known,
            unsigned threads);
  ~ReadAhead();

  /// The directories in `in`, whose files have their hits, will be asked for next, in their order.
  void want_below(const Directory& in);
  /// The directory, with the hits of its files, if it was read, or is being read: then waits for
  /// it. Null if it was not, or cannot be: the caller reads it and sees why. Nothing reads it after
  /// that.
  std::shared_ptr<Directory> take(const oci::RootfsPath& path);

private:
  struct Slot {
    enum class State { wanted, reading, done, taken } state = State::wanted;
    std::shared_ptr<Directory> directory{};
  };
  // All with `mutex_` held.
  void add(std::deque<Wanted>::const_iterator before, std::vector<Wanted> next);
  void start_threads();
  std::optional<Wanted> next();

  std::shared_ptr<Directory> read(const Wanted& wanted, DirectoryWalk& walk) const;
  void read_all();

  const std::shared_ptr<const RootDirectory> root_;
  const IgnoreRules& rules_;
  StatIndex* const known_;
  const unsigned threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Wanted> order_;                     ///< what is wanted; also what was taken since
  std::unordered_map<std::string, Slot> slots_;  ///< every directory so far, once
  std::size_t ready_ = 0;                        ///< slots that are done
  unsigned running_ = 0;                         ///< threads that read
  bool ended_ = false;
  support::WorkerPool pool_;  // last: its threads use all of the above
};

}  // namespace ocibuild::context
