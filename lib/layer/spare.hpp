// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace ocibuild::layer {

/// What is not in use, to be used again: a fresh chunk costs the kernel as much as reading into it,
/// and an encoder has tables of a megabyte. Thread-safe.
template <typename Item>
class Spare {
public:
  std::optional<Item> take() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    std::optional<Item> item(std::move(items_.back()));
    items_.pop_back();
    return item;
  }
  void give(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
  }

private:
  std::mutex mutex_;
  std::vector<Item> items_;
};

}  // namespace ocibuild::layer
