// SPDX-License-Identifier: Apache-2.0
#include "support/worker_pool.hpp"

#include <ocibuild/error.hpp>

namespace ocibuild::support {

WorkerPool::~WorkerPool() {
  std::deque<std::function<void()>> dropped;  // breaks promises, so not under the lock
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    dropped.swap(tasks_);
  }
  filled_.notify_all();
}

void WorkerPool::run(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (tasks_.size() >= free_ && threads_.size() < most_) start_thread();
  tasks_.push_back(std::move(task));
  filled_.notify_one();
}

/// Where the system grants no more threads, those that there are do the work.
void WorkerPool::start_thread() {
  try {
    threads_.emplace_back(1, [this] { work(); });
  } catch (const Error&) {
    if (threads_.empty()) throw;
  }
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++free_;
    filled_.wait(lock, [this] { return closed_ || !tasks_.empty(); });
    --free_;
    if (closed_) return;
    {
      const std::function<void()> task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }  // gone before the next one is waited for: others wait for what it holds
    lock.lock();
  }
}

}  // namespace ocibuild::support
