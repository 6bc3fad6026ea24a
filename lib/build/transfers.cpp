// SPDX-License-Identifier: Apache-2.0
#include "build/transfers.hpp"

#include <algorithm>

#include "support/worker_group.hpp"

namespace ocibuild::engine {

registry::TransferObserver Transfers::Bar::observer() {
  owner_.report(moved_);
  return {.moved = [this](std::uint64_t done) { moved(done); },
          .repeats =
              [this](Retrying retrying) {
                retrying.movement = moved_.movement;
                retrying.digest = moved_.digest;
                owner_.report(std::move(retrying));
              }};
}

/// Pieces come thousands of times a second; nobody can see more than some of them.
void Transfers::Bar::moved(std::uint64_t done) {
  constexpr std::chrono::milliseconds apart{50};
  const auto now = std::chrono::steady_clock::now();
  moved_.done = done;
  if (now - sent_ < apart) return;
  sent_ = now;
  owner_.report(moved_);
}

void Transfers::Bar::done(BlobMoved::State state) {
  moved_.state = state;
  if (state != BlobMoved::State::failed) moved_.done = moved_.total;
  owner_.report(moved_);
}

void Transfers::report(Event event) {
  std::unique_lock lock(mutex_);
  posted_.push_back(std::move(event));
  changed_.notify_all();
  if (std::this_thread::get_id() == owner_) send(lock);
}

/// On the owner's thread, with the lock held; released while somebody listens.
void Transfers::send(std::unique_lock<std::mutex>& lock) {
  while (!posted_.empty()) {
    const Event event = std::move(posted_.front());
    posted_.pop_front();
    lock.unlock();
    events_.on_event(event);
    lock.lock();
  }
}

void Transfers::work(const std::vector<std::function<void()>>& jobs) {
  std::unique_lock lock(mutex_);
  while (next_ < jobs.size() && !failure_) {
    const std::size_t mine = next_++;
    lock.unlock();
    std::exception_ptr failure;
    try {
      jobs[mine]();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure && !failure_) {
      failure_ = failure;
      cancel_.request_stop();
    }
  }
  --running_;
  changed_.notify_all();
}

void Transfers::run(const std::vector<std::function<void()>>& jobs, unsigned threads) {
  if (jobs.empty()) return;
  next_ = 0;
  running_ = std::min<std::size_t>(jobs.size(), threads);
  support::WorkerGroup workers(static_cast<unsigned>(running_), [&] { work(jobs); });
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return running_ == 0 || !posted_.empty(); });
    const bool ended = running_ == 0;
    try {
      send(lock);
    } catch (...) {
      lock.lock();
      if (!failure_) failure_ = std::current_exception();
      cancel_.request_stop();
      continue;
    }
    if (ended) break;
  }
  lock.unlock();
  workers.join();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace ocibuild::engine
