// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>

#include "oci/file_tree.hpp"
#include "oci/hasher.hpp"

namespace ocibuild::test {

/// Content of any size that takes no memory, another one for each seed.
class GeneratedContent final : public oci::FileContent {
public:
  explicit GeneratedContent(std::uint64_t size, std::uint32_t seed = 1)
      : size_(size), seed_(seed) {}
  std::unique_ptr<support::ByteSource> open() const override {
    return std::make_unique<Source>(size_, seed_);
  }
  std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                  std::uint64_t size) const override {
    return std::make_unique<Source>(size, jumped(seed_, offset));
  }
  Digest digest() const override { return oci::sha256(*open()); }

private:
  static constexpr std::uint32_t factor = 1664525;
  static constexpr std::uint32_t summand = 1013904223;

  /// The generator's state after `steps`, by doubling.
  static std::uint32_t jumped(std::uint32_t state, std::uint64_t steps) {
    std::uint32_t by = factor;
    std::uint32_t plus = summand;
    for (; steps > 0; steps >>= 1) {
      if ((steps & 1) != 0) state = state * by + plus;
      plus *= by + 1;
      by *= by;
    }
    return state;
  }

  class Source final : public support::ByteSource {
  public:
    Source(std::uint64_t size, std::uint32_t seed) : left_(size), state_(seed) {}
    std::size_t read(std::span<std::byte> buffer) override {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
      for (std::byte& byte : buffer.first(size)) {
        state_ = state_ * factor + summand;
        byte = static_cast<std::byte>((state_ >> 28) & 7);
      }
      left_ -= size;
      return size;
    }

  private:
    std::uint64_t left_;
    std::uint32_t state_;
  };

  std::uint64_t size_;
  std::uint32_t seed_;
};

}  // namespace ocibuild::test
