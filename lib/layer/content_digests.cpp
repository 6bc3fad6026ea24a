// SPDX-License-Identifier: Apache-2.0
#include "layer/content_digests.hpp"

#include <algorithm>
#include <atomic>
#include <exception>

#include "support/stop.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::layer {

namespace {

constexpr std::uint64_t worth_a_thread = 1 << 20;  // bytes to read

}  // namespace

ContentDigests::ContentDigests(const std::vector<LayerFile>& files)
    : files_(files), states_(files.size(), State::none), digests_(files.size()) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!files[i].content || files[i].entry.size == 0) continue;
    const auto known = files[i].content->known_digest();
    states_[i] = known ? State::known : State::unknown;
    if (known) digests_[i] = oci::raw_sha256(*known);
  }
}

bool ContentDigests::all_known() const {
  return std::ranges::find(states_, State::unknown) == states_.end();
}

void ContentDigests::learn(std::size_t file, const Digest& digest) {
  files_[file].content->learn_digest(digest);
  digests_[file] = oci::raw_sha256(digest);
  states_[file] = State::known;
}

void ContentDigests::compute(unsigned jobs, const std::stop_token& stop) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!is_known(i)) unknown.push_back(i);
  }
  compute(unknown, jobs, stop);
}

void ContentDigests::compute(std::span<const std::size_t> wanted, unsigned jobs,
                             const std::stop_token& stop) {
  std::uint64_t bytes = 0;
  for (const std::size_t i : wanted) bytes += files_[i].entry.size;
  std::vector<std::exception_ptr> errors(wanted.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t at = next++; at < wanted.size() && !stop.stop_requested(); at = next++) {
      const std::size_t i = wanted[at];
      try {
        digests_[i] = oci::raw_sha256(files_[i].content->digest());
        states_[i] = State::known;
      } catch (...) {
        errors[at] = std::current_exception();
      }
    }
  };
  if (wanted.size() < 2 || bytes < worth_a_thread || jobs < 2) {
    work();
  } else {
    support::WorkerGroup(jobs, work).join();
  }
  support::throw_if_stopped(stop);
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace ocibuild::layer
