// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <utility>

#include "support/bytes.hpp"
#include "support/stop.hpp"

namespace ocibuild::store {

/// Passes bytes on until `stop` is triggered; then reading throws Error(Errc::interrupted).
class StoppingSource final : public support::ByteSource {
public:
  /// `inner` must outlive this.
  StoppingSource(support::ByteSource& inner, std::stop_token stop)
      : inner_(inner), stop_(std::move(stop)) {}
  std::size_t read(std::span<std::byte> buffer) override {
    support::throw_if_stopped(stop_);
    return inner_.read(buffer);
  }

private:
  support::ByteSource& inner_;
  std::stop_token stop_;
};

}  // namespace ocibuild::store
