// SPDX-License-Identifier: Apache-2.0
#include "context/read_ahead.hpp"

#include <exception>
#include <utility>

namespace ocibuild::context {

namespace {

/// So many can be read while a thread starts.
constexpr std::size_t few = 32;

std::shared_ptr<Directory> read(const std::shared_ptr<const RootDirectory>& root,
                                const oci::RootfsPath& path, StatIndex* known) {
  const RootDirectory::Opened opened = root->open_directory(path);
  if (!opened.fd.is_open()) return nullptr;
  try {
    return Directory::read(root, path, opened.fd.get(), known);
  } catch (const std::exception&) {
    return nullptr;  // who asks for it meets the same error, and says it
  }
}

}  // namespace

ReadAhead::ReadAhead(std::shared_ptr<const RootDirectory> root, StatIndex* known, unsigned threads)
    : root_(std::move(root)), known_(known), threads_(threads), pool_(threads) {}

void ReadAhead::want(std::span<const oci::RootfsPath> paths) {
  if (threads_ == 0) return;
  std::size_t tasks = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t before = order_.size();
    order_.insert(order_.begin(), paths.begin(), paths.end());
    for (const oci::RootfsPath& path : paths) slots_.try_emplace(path.str());
    if (order_.size() < few) return;
    tasks = before < few ? order_.size() : paths.size();
  }
  for (; tasks > 0; --tasks) pool_.run([this] { read_next(); });
}

void ReadAhead::read_next() {
  std::unique_lock lock(mutex_);
  while (!order_.empty()) {
    const oci::RootfsPath path = std::move(order_.front());
    order_.pop_front();
    const auto at = slots_.find(path.str());
    if (at == slots_.end() || at->second.state != Slot::State::wanted) continue;
    at->second.state = Slot::State::reading;
    lock.unlock();
    auto directory = read(root_, path, known_);
    lock.lock();
    Slot& slot = slots_.at(path.str());  // nobody takes what is being read
    slot = {.state = Slot::State::done, .directory = std::move(directory)};
    done_.notify_all();
    return;
  }
}

std::shared_ptr<Directory> ReadAhead::take(const oci::RootfsPath& path) {
  if (threads_ == 0) return nullptr;
  std::unique_lock lock(mutex_);
  const auto find = [&] { return slots_.find(path.str()); };
  done_.wait(lock, [&] {
    const auto at = find();
    return at == slots_.end() || at->second.state != Slot::State::reading;
  });
  const auto at = find();
  if (at == slots_.end()) return nullptr;
  auto directory = std::move(at->second.directory);
  slots_.erase(at);
  return directory;
}

}  // namespace ocibuild::context
