// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

#include "build/transfers.hpp"
#include "registry/network.hpp"

namespace ocibuild::engine {

/// What pull, push and the bases of a build share: the network, and the blobs under way, which are
/// all cancelled when one fails or the caller stops. Made and used on the thread that gets events.
class RegistryWork {
public:
  /// `settings` and `events` must outlive this. Nothing is opened or read before it is needed.
  RegistryWork(const NetworkSettings& settings, EventSink& events, std::stop_token outside)
      : outside_(std::move(outside), [this] { cancel_.request_stop(); }),
        network_(settings, cancel_.get_token()),
        transfers_(events, cancel_) {
    network_.repeater().observe([this](const Retrying& retrying) { transfers_.report(retrying); });
    network_.warnings().observe(
        [this](const Diagnostic& warning) { transfers_.report(Warning{warning}); });
  }

  registry::Network& network() { return network_; }
  Transfers& transfers() { return transfers_; }

private:
  std::stop_source cancel_;
  std::stop_callback<std::function<void()>> outside_;
  registry::Network network_;
  Transfers transfers_;
};

}  // namespace ocibuild::engine
