// SPDX-License-Identifier: Apache-2.0
#include "layer/content_digests.hpp"

#include <atomic>
#include <exception>

#include "support/stop.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::layer {

namespace {

constexpr std::uint64_t worth_a_thread = 1 << 20;  // bytes to read

/// A file whose digest is to be computed.
struct Unknown {
  std::size_t index;
  std::exception_ptr error{};
};

void compute(const std::vector<LayerFile>& files, Unknown& unknown, std::vector<Digest>& digests) {
  try {
    digests[unknown.index] = files[unknown.index].content->digest();
  } catch (...) {
    unknown.error = std::current_exception();
  }
}

}  // namespace

std::vector<Digest> content_digests(const std::vector<LayerFile>& files, unsigned jobs,
                                    const std::stop_token& stop) {
  std::vector<Digest> digests(files.size());
  std::vector<Unknown> unknown;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i].content || files[i].entry.size == 0) continue;
    if (auto known = files[i].content->known_digest()) {
      digests[i] = *std::move(known);
    } else {
      unknown.push_back({i});
      bytes += files[i].entry.size;
    }
  }
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < unknown.size() && !stop.stop_requested(); i = next++)
      compute(files, unknown[i], digests);
  };
  if (unknown.size() < 2 || bytes < worth_a_thread || jobs < 2) {
    work();
  } else {
    support::WorkerGroup(jobs, work).join();
  }
  support::throw_if_stopped(stop);
  for (const Unknown& file : unknown) {
    if (file.error) std::rethrow_exception(file.error);
  }
  return digests;
}

}  // namespace ocibuild::layer
