// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <utility>

#include "support/bounded_queue.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::support {

/// Threads that turn orders into results, which are taken in the sequence of the orders.
///
/// Owner: one thread, which must not let more than `most` orders be under way. Dropping it skips
/// the orders that no thread has begun.
template <typename Order, typename Result>
class OrderedWorkers {
public:
  using Work = std::function<Result(const Order&)>;

  /// `make_work` is called by each of the `threads` for a function of its own.
  OrderedWorkers(unsigned threads, std::size_t most, const std::function<Work()>& make_work)
      : queue_(most), workers_(threads, [this, make_work] { run(make_work); }) {}
  ~OrderedWorkers() {
    abandoned_ = true;
    queue_.close();
  }

  std::size_t under_way() const { return results_.size(); }

  void push(Order order) {
    Job job{std::move(order), {}};
    results_.push_back(job.result.get_future());
    queue_.push(std::move(job));
  }

  /// Waits for the oldest result; throws what its work threw.
  Result take() {
    std::future<Result> oldest = std::move(results_.front());
    results_.pop_front();
    return oldest.get();
  }

private:
  struct Job {
    Order order;
    std::promise<Result> result;
  };

  void run(const std::function<Work()>& make_work) {
    std::optional<Work> work;
    while (std::optional<Job> job = queue_.pop()) {
      if (abandoned_) continue;
      try {
        if (!work) work = make_work();
        job->result.set_value((*work)(job->order));
      } catch (...) {
        job->result.set_exception(std::current_exception());
      }
    }
  }

  std::deque<std::future<Result>> results_;
  BoundedQueue<Job> queue_;
  std::atomic<bool> abandoned_ = false;
  WorkerGroup workers_;  // last: joined before what it uses goes
};

}  // namespace ocibuild::support
