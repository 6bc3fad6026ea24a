// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

#include "support/bytes.hpp"

namespace ocibuild::http {

/// A first-in, first-out buffer of fixed size. Memory is taken with the first byte.
class ByteRing {
public:
  explicit ByteRing(std::size_t capacity) : capacity_(capacity) {}
  std::size_t size() const { return size_; }
  std::size_t room() const { return capacity_ - size_; }

  /// `bytes` must fit.
  void push(support::Bytes bytes) {
    if (bytes.empty()) return;
    if (data_.empty()) data_.resize(capacity_);
    const std::size_t end = (begin_ + size_) % capacity_;
    const std::size_t first = std::min(bytes.size(), capacity_ - end);
    std::memcpy(data_.data() + end, bytes.data(), first);
    std::memcpy(data_.data(), bytes.data() + first, bytes.size() - first);
    size_ += bytes.size();
  }

  /// Takes out as much as there is and fits.
  std::size_t pop(std::span<std::byte> out) {
    const std::size_t count = std::min(out.size(), size_);
    if (count == 0) return 0;
    const std::size_t first = std::min(count, capacity_ - begin_);
    std::memcpy(out.data(), data_.data() + begin_, first);
    std::memcpy(out.data() + first, data_.data(), count - first);
    begin_ = (begin_ + count) % capacity_;
    size_ -= count;
    return count;
  }

private:
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t size_ = 0;
  std::vector<std::byte> data_;
};

}  // namespace ocibuild::http
