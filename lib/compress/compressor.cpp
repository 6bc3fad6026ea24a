// SPDX-License-Identifier: Apache-2.0
#include "compress/compressor.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <deque>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "compress/chunk_encoder.hpp"
#include "support/bounded_queue.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::compress {

namespace {

using Buffer = std::vector<std::byte>;

struct Job {
  Buffer chunk;
  std::promise<Buffer> result;
};

}  // namespace

struct Compressor::Impl {
  Impl(Setting s, support::ByteSink& sink, unsigned threads)
      : setting(s), out(sink), jobs(std::max(1U, threads)), queue(most_under_way()) {}

  ~Impl() {
    abandoned = true;  // after finish() there is nothing left to skip
    queue.close();
  }

  std::size_t most_under_way() const { return 2 * std::size_t{jobs}; }

  void work();
  void compress_here(support::Bytes bytes);
  void hand_over();
  void take_oldest();
  void take_finished();

  const Setting setting;
  support::ByteSink& out;
  const unsigned jobs;
  Buffer chunk;  // less than chunk_size bytes between calls
  bool wrote_chunk = false;
  std::optional<ChunkEncoder> encoder;        // of the calling thread
  std::deque<std::future<Buffer>> under_way;  // in the order of the input
  support::BoundedQueue<Job> queue;
  std::atomic<bool> abandoned = false;
  std::optional<support::WorkerGroup> workers;  // last: joined before what it uses goes
};

/// A worker: compresses chunks until the queue is closed. What goes wrong waits in the future.
void Compressor::Impl::work() {
  std::optional<ChunkEncoder> own;
  while (std::optional<Job> job = queue.pop()) {
    if (abandoned) continue;
    try {
      if (!own) own.emplace(setting);
      job->result.set_value(own->encode(job->chunk));
    } catch (...) {
      job->result.set_exception(std::current_exception());
    }
  }
}

void Compressor::Impl::compress_here(support::Bytes bytes) {
  if (!encoder) encoder.emplace(setting);
  out.write(encoder->encode(bytes));
  wrote_chunk = true;
}

/// Gives the full chunk to a worker. Threads start with the first one, so that small layers need
/// none.
void Compressor::Impl::hand_over() {
  if (!workers) workers.emplace(jobs, [this] { work(); });
  if (under_way.size() >= most_under_way()) take_oldest();
  Job job{std::exchange(chunk, {}), {}};
  under_way.push_back(job.result.get_future());
  queue.push(std::move(job));
  wrote_chunk = true;
  take_finished();
}

void Compressor::Impl::take_oldest() {
  const Buffer bytes = under_way.front().get();  // throws what the worker threw
  under_way.pop_front();
  out.write(bytes);
}

void Compressor::Impl::take_finished() {
  while (!under_way.empty() &&
         under_way.front().wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    take_oldest();
  }
}

Compressor::Compressor(Setting setting, support::ByteSink& out, unsigned jobs)
    : impl_(std::make_unique<Impl>(setting, out, jobs)) {}

Compressor::~Compressor() = default;

void Compressor::write(support::Bytes bytes) {
  if (impl_->setting.codec == Codec::none) {
    impl_->out.write(bytes);
    return;
  }
  Buffer& chunk = impl_->chunk;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), chunk_size - chunk.size());
    chunk.reserve(chunk_size);
    chunk.insert(chunk.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
    if (chunk.size() < chunk_size) return;
    if (impl_->jobs > 1) {
      impl_->hand_over();
    } else {
      impl_->compress_here(chunk);
      chunk.clear();
    }
  }
}

void Compressor::finish() {
  if (impl_->setting.codec == Codec::none) return;
  while (!impl_->under_way.empty()) impl_->take_oldest();
  // Nothing at all is one empty member: an empty file would be no gzip.
  if (!impl_->chunk.empty() || !impl_->wrote_chunk) impl_->compress_here(impl_->chunk);
  impl_->chunk.clear();
}

}  // namespace ocibuild::compress
