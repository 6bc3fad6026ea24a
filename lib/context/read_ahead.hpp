// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "context/directory.hpp"
#include "support/worker_pool.hpp"

namespace ocibuild::context {

/// Reads the directories below those that a walk is in, on threads of its own, in the order in
/// which the walk will come to them but some steps before it: so the walk seldom has to read one,
/// or to wait for one. What is ignored as a whole is not read. Contexts of few directories get no
/// thread. Thread-safe.
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
  /// These will be asked for later, in their order, after all that is wanted so far.
  void want_later(std::vector<Wanted> directories);
  /// The directory, with the hits of its files, if it was read, or is being read: then waits for
  /// it. Null if it was not, or cannot be: the caller reads it and sees why. Nothing reads it after
  /// that.
  std::shared_ptr<Directory> take(const oci::RootfsPath& path);

private:
  struct Slot {
    enum class State { wanted, reading, done, taken } state = State::wanted;
    std::shared_ptr<Directory> directory{};
  };
  struct Item {
    Wanted wanted;
    Slot* slot;
  };
  using Order = std::list<Item>;
  using Slots = std::unordered_map<std::string, Slot>;
  /// What is wanted, on its way into `order_` and `slots_`: made without `mutex_`, which is held
  /// for moments.
  struct Addition {
    explicit Addition(std::vector<Wanted> next);
    Order order;
    Slots slots;
  };
  // All with `mutex_` held.
  void add(Order::const_iterator before, Addition& next);
  void start_threads();
  Order::iterator next(Order& past);

  std::shared_ptr<Directory> read(const Wanted& wanted, DirectoryWalk& walk) const;
  void read_all();

  const std::shared_ptr<const RootDirectory> root_;
  const IgnoreRules& rules_;
  StatIndex* const known_;
  const unsigned threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Order order_;            ///< what is wanted or being read; also what was taken since
  Slots slots_;            ///< every directory so far, once
  std::size_t ready_ = 0;  ///< slots that are done
  unsigned running_ = 0;   ///< threads that read
  bool ended_ = false;
  support::WorkerPool pool_;  // last: its threads use all of the above
};

}  // namespace ocibuild::context
