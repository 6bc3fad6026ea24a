// SPDX-License-Identifier: Apache-2.0
#include "context/read_ahead.hpp"

#include <sys/stat.h>

#include <exception>
#include <iterator>
#include <utility>

#include <ocibuild/error.hpp>

namespace ocibuild::context {

namespace {

/// So many can be read while a thread starts.
constexpr std::size_t few = 32;
/// Directories that wait for the walk, which may not come: `COPY --exclude`.
constexpr std::size_t most_ready = 32'768;

std::vector<ReadAhead::Wanted> directories_in(const Directory& in) {
  std::vector<ReadAhead::Wanted> out;
  for (const DiskFile& file : in.files) {
    if (S_ISDIR(file.stamp().mode) && !file.hits.excluded) out.push_back({file.path(), file.hits});
  }
  return out;
}

}  // namespace

ReadAhead::ReadAhead(std::shared_ptr<const RootDirectory> root, const IgnoreRules& rules,
                     StatIndex* known, unsigned threads)
    : root_(std::move(root)), rules_(rules), known_(known), threads_(threads), pool_(threads) {}

ReadAhead::~ReadAhead() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  order_.clear();
}

void ReadAhead::want_below(const Directory& in) {
  if (threads_ == 0) return;
  std::vector<Wanted> next = directories_in(in);
  if (next.empty()) return;
  const std::lock_guard lock(mutex_);
  add(order_.begin(), std::move(next));
  start_threads();
}

void ReadAhead::add(std::deque<Wanted>::const_iterator before, std::vector<Wanted> next) {
  std::erase_if(next, [&](const Wanted& wanted) {
    return !slots_.try_emplace(wanted.path.str()).second;  // each once, whoever finds it
  });
  order_.insert(before, std::make_move_iterator(next.begin()), std::make_move_iterator(next.end()));
}

void ReadAhead::start_threads() {
  if (order_.size() < few || ready_ > most_ready / 2) return;
  try {
    for (; running_ < threads_; ++running_) pool_.run([this] { read_all(); });
  } catch (const Error&) {
    // There is no thread to be had: the walk reads its directories itself.
  }
}

std::optional<ReadAhead::Wanted> ReadAhead::next() {
  while (!order_.empty() && ready_ < most_ready) {
    Wanted wanted = std::move(order_.back());
    order_.pop_back();
    Slot& slot = slots_.at(wanted.path.str());
    if (slot.state != Slot::State::wanted) continue;
    slot.state = Slot::State::reading;
    return wanted;
  }
  return std::nullopt;
}

void ReadAhead::read_all() {
  DirectoryWalk walk(*root_);
  std::unique_lock lock(mutex_);
  while (const auto wanted = next()) {
    lock.unlock();
    auto directory = read(*wanted, walk);
    std::vector<Wanted> below;
    if (directory) below = directories_in(*directory);
    lock.lock();
    slots_.at(wanted->path.str()) = {Slot::State::done, std::move(directory)};
    ++ready_;
    if (!ended_) add(order_.end(), std::move(below));
    changed_.notify_all();
  }
  --running_;
}

std::shared_ptr<Directory> ReadAhead::read(const Wanted& wanted, DirectoryWalk& walk) const {
  try {
    const DirectoryWalk::At at = walk.open(wanted.path);
    if (at.fd < 0) return nullptr;
    auto out = Directory::read(root_, wanted.path, at.fd, known_);
    out->apply(rules_, wanted.hits);
    return out;
  } catch (const std::exception&) {
    return nullptr;  // who asks for it meets the same error, and says it
  }
}

std::shared_ptr<Directory> ReadAhead::take(const oci::RootfsPath& path) {
  if (threads_ == 0) return nullptr;
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[path.str()];
  changed_.wait(lock, [&] { return slot.state != Slot::State::reading; });
  if (slot.state == Slot::State::done) --ready_;
  slot.state = Slot::State::taken;
  start_threads();
  return std::move(slot.directory);
}

}  // namespace ocibuild::context
