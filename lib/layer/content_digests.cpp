// SPDX-License-Identifier: Apache-2.0
#include "layer/content_digests.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <utility>

#include "oci/hasher.hpp"
#include "oci/pieces.hpp"
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
    if (known) digests_[i] = *known;
    if (oci::has_pieces(files[i].entry.size)) large_.push_back({.file = i});
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

std::vector<std::size_t> ContentDigests::large() const {
  std::vector<std::size_t> out;
  for (const LargeFile& large : large_) out.push_back(large.file);
  return out;
}

std::size_t ContentDigests::find_large(std::size_t file) const {
  const auto at = std::ranges::lower_bound(large_, file, {}, &LargeFile::file);
  return at == large_.end() || at->file != file ? large_.size()
                                                : static_cast<std::size_t>(at - large_.begin());
}

std::span<const oci::RawSha256> ContentDigests::pieces(std::size_t file) const {
  const std::size_t at = find_large(file);
  return at == large_.size() ? std::span<const oci::RawSha256>() : large_[at].pieces;
}

void ContentDigests::learn_pieces(std::size_t file, std::vector<oci::RawSha256> pieces) {
  if (pieces.size() != oci::piece_count(files_[file].entry.size)) return;
  if (!is_known(file)) learn(file, oci::to_digest(oci::digest_of_pieces(pieces)));
  large_.at(find_large(file)).pieces = std::move(pieces);
}

void ContentDigests::compute(unsigned jobs, const std::stop_token& stop) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!is_known(i)) unknown.push_back(i);
  }
  compute(unknown, jobs, stop);
}

void ContentDigests::run(const Task& task) {
  const LayerFile& file = files_[task.file];
  if (task.pieces == nullptr) {
    digests_[task.file] = oci::raw_sha256(file.content->digest());
    states_[task.file] = State::known;
    return;
  }
  const std::uint64_t offset = task.piece * oci::piece_size;
  const auto source =
      file.content->open_range(offset, std::min(oci::piece_size, file.entry.size - offset));
  (*task.pieces)[task.piece] = oci::raw_sha256(oci::sha256(*source));
}

void ContentDigests::compute(std::span<const std::size_t> wanted, unsigned jobs,
                             const std::stop_token& stop) {
  std::uint64_t bytes = 0;
  std::map<std::size_t, std::vector<oci::RawSha256>> large;
  std::vector<Task> tasks;
  for (const std::size_t i : wanted) {
    bytes += files_[i].entry.size;
    if (find_large(i) == large_.size()) {
      tasks.push_back({.file = i});
      continue;
    }
    auto& pieces = large[i];
    pieces.resize(oci::piece_count(files_[i].entry.size));
    for (std::size_t piece = 0; piece < pieces.size(); ++piece)
      tasks.push_back({i, piece, &pieces});
  }
  std::vector<std::exception_ptr> errors(tasks.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t at = next++; at < tasks.size() && !stop.stop_requested(); at = next++) {
      try {
        run(tasks[at]);
      } catch (...) {
        errors[at] = std::current_exception();
      }
    }
  };
  if (tasks.size() < 2 || bytes < worth_a_thread || jobs < 2) {
    work();
  } else {
    support::WorkerGroup(jobs, work).join();
  }
  support::throw_if_stopped(stop);
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  for (auto& [file, pieces] : large) learn_pieces(file, std::move(pieces));
}

}  // namespace ocibuild::layer
