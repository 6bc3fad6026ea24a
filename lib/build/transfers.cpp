// SPDX-License-Identifier: Apache-2.0
#include "build/transfers.hpp"

#include <algorithm>

#include "support/worker_group.hpp"

namespace ocibuild::engine {

registry::TransferObserver Transfers::Bar::observer() {
  return {.moved =
              [this](std::uint64_t done) {
                moved_.done = done;
                moved_.state = BlobMoved::State::moving;
                moved_.retry.clear();
                send();
              },
          .repeats =
              [this](const std::string& why) {
                moved_.retry = why;
                send();
              }};
}

void Transfers::Bar::done(BlobMoved::State state) {
  moved_.state = state;
  moved_.done = moved_.total;
  moved_.retry.clear();
  send();
}

void Transfers::Bar::send() {
  owner_.post(moved_);
}

/// A later state of one blob takes the place of an earlier one that nobody has seen yet.
void Transfers::post(const BlobMoved& moved) {
  const std::lock_guard lock(mutex_);
  const auto same = std::find_if(posted_.begin(), posted_.end(), [&](const BlobMoved& waiting) {
    return waiting.digest == moved.digest && waiting.host == moved.host &&
           waiting.upload == moved.upload && waiting.retry.empty();
  });
  if (same != posted_.end()) {
    *same = moved;
  } else {
    posted_.push_back(moved);
  }
  changed_.notify_all();
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
    std::deque<BlobMoved> seen;
    seen.swap(posted_);
    const bool ended = running_ == 0;
    lock.unlock();
    try {
      for (const BlobMoved& moved : seen) events_.on_event(moved);
    } catch (...) {
      lock.lock();
      if (!failure_) failure_ = std::current_exception();
      cancel_.request_stop();
      continue;
    }
    lock.lock();
    if (ended) break;
  }
  lock.unlock();
  workers.join();
  if (failure_) std::rethrow_exception(failure_);
}

}  // namespace ocibuild::engine
