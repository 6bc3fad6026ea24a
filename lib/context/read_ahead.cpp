// SPDX-License-Identifier: Apache-2.0
#include "context/read_ahead.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <utility>

#include <ocibuild/error.hpp>

#include "support/lock_soon.hpp"

namespace ocibuild::context {

namespace {

/// So many can be read while a thread starts.
constexpr std::size_t few = 32;
/// So many are left to the walk, which would soon wait for them.
constexpr std::size_t head_start = 16;
/// Directories that wait for the walk, which may not come: `COPY --exclude`.
constexpr std::size_t most_ready = 32'768;

std::vector<ReadAhead::Wanted> directories_in(const Directory& in) {
  const auto is_wanted = [](const DiskFile& file) {
    return S_ISDIR(file.stamp().mode) && !file.hits.excluded;
  };
  std::vector<ReadAhead::Wanted> out;
  out.reserve(static_cast<std::size_t>(std::ranges::count_if(in.files, is_wanted)));
  for (const DiskFile& file : in.files) {
    if (is_wanted(file)) out.push_back({file.path(), file.hits});
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
  order_.remove_if([](const Item& item) { return item.slot->state != Slot::State::reading; });
}

void ReadAhead::want_below(const Directory& in) {
  if (threads_ == 0) return;
  Addition next(directories_in(in));
  if (next.order.empty()) return;
  const auto lock = support::lock_soon(mutex_);
  add(order_.begin(), next);
  start_threads();
}

void ReadAhead::want_later(std::vector<Wanted> directories) {
  if (threads_ == 0) return;
  Addition next(std::move(directories));
  const auto lock = support::lock_soon(mutex_);
  add(order_.end(), next);
}

ReadAhead::Addition::Addition(std::vector<Wanted> next) {
  for (Wanted& wanted : next) {
    const auto [slot, is_new] = slots.try_emplace(wanted.path.str());
    if (is_new) order.push_back({std::move(wanted), &slot->second});
  }
}

void ReadAhead::add(Order::const_iterator before, Addition& next) {
  slots_.merge(next.slots);
  if (!next.slots.empty()) {  // those are there already
    next.order.remove_if(
        [&](const Item& item) { return next.slots.contains(item.wanted.path.str()); });
  }
  order_.splice(before, next.order);
}

void ReadAhead::start_threads() {
  if (order_.size() < few || ready_ > most_ready / 2) return;
  try {
    for (; running_ < threads_; ++running_) pool_.run([this] { read_all(); });
  } catch (const Error&) {
    // There is no thread to be had: the walk reads its directories itself.
  }
}

/// The end when there is nothing to do. `past`: gets what need not be kept.
ReadAhead::Order::iterator ReadAhead::next(Order& past) {
  if (ready_ >= most_ready) return order_.end();
  auto last = order_.end();
  std::size_t left = head_start;
  for (auto at = order_.begin(); at != order_.end();) {
    const Slot::State state = at->slot->state;
    if (state == Slot::State::taken) {
      past.splice(past.end(), order_, at++);
      continue;
    }
    if (state == Slot::State::wanted) {
      last = at;
      if (left-- == 0) break;
    }
    ++at;
  }
  return last;
}

void ReadAhead::read_all() {
  DirectoryWalk walk(*root_);
  Order past;
  auto lock = support::lock_soon(mutex_);
  for (auto at = next(past); at != order_.end(); at = next(past)) {
    at->slot->state = Slot::State::reading;
    lock.unlock();
    past.clear();
    auto directory = read(at->wanted, walk);
    Addition below(directory ? directories_in(*directory) : std::vector<Wanted>());
    lock = support::lock_soon(mutex_);
    *at->slot = {Slot::State::done, std::move(directory)};
    ++ready_;
    if (!ended_) add(at, below);
    past.splice(past.end(), order_, at);
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
  auto lock = support::lock_soon(mutex_);
  Slot& slot = slots_[path.str()];
  changed_.wait(lock, [&] { return slot.state != Slot::State::reading; });
  if (slot.state == Slot::State::done) --ready_;
  slot.state = Slot::State::taken;
  start_threads();
  return std::move(slot.directory);
}

}  // namespace ocibuild::context
