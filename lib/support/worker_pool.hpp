// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

#include "support/worker_group.hpp"

namespace ocibuild::support {

/// Threads that run tasks in the order in which these came. One more starts when a task comes and
/// none is free, so that a pool without tasks costs nothing. Thread-safe.
class WorkerPool {
public:
  explicit WorkerPool(unsigned threads) : most_(threads) {}
  /// Tasks that no thread has begun are dropped; those begun are waited for.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// `task` must not throw. @throws Error(Errc::failed, no-threads) when there is none at all
  void run(std::function<void()> task);

private:
  void work();
  void start_thread();

  const unsigned most_;
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::function<void()>> tasks_;
  std::size_t free_ = 0;  ///< threads that wait
  bool closed_ = false;
  std::deque<WorkerGroup> threads_;  // last: joined before what they use goes
};

/// Results of tasks of a pool, in the sequence in which the tasks were pushed. Of one thread; the
/// pool must outlive it. Dropping it skips the tasks not begun and waits for the others.
template <typename Result>
class OrderedTasks {
public:
  explicit OrderedTasks(WorkerPool& pool) : pool_(pool) {}
  ~OrderedTasks() {
    abandoned_ = true;
    for (const std::future<Result>& result : results_) result.wait();
  }
  OrderedTasks(const OrderedTasks&) = delete;
  OrderedTasks& operator=(const OrderedTasks&) = delete;

  std::size_t under_way() const { return results_.size(); }

  void push(std::function<Result()> work) {
    auto promise = std::make_shared<std::promise<Result>>();
    std::future<Result> result = promise->get_future();
    pool_.run([this, promise, work = std::move(work)] {
      if (abandoned_) return;  // the promise breaks
      try {
        promise->set_value(work());
      } catch (...) {
        promise->set_exception(std::current_exception());
      }
    });
    results_.push_back(std::move(result));
  }

  /// Waits for the oldest result; throws what its task threw.
  Result take() {
    std::future<Result> oldest = std::move(results_.front());
    results_.pop_front();
    return oldest.get();
  }

private:
  WorkerPool& pool_;
  std::atomic<bool> abandoned_ = false;
  std::deque<std::future<Result>> results_;
};

}  // namespace ocibuild::support
