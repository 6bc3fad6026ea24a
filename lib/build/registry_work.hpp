// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <type_traits>

#include "build/transfers.hpp"
#include "registry/network.hpp"

namespace ocibuild::engine {

/// What pull, push and the bases of a build share: the network, and the blobs under way, which are
/// all cancelled when one fails or the caller stops.
class RegistryWork {
public:
  /// `settings` and `events` must outlive this. Nothing is opened or read before it is needed.
  RegistryWork(const NetworkSettings& settings, EventSink& events, std::stop_token outside)
      : events_(events),
        outside_(std::move(outside), [this] { cancel_.request_stop(); }),
        network_(settings, cancel_.get_token()),
        transfers_(events, cancel_) {}

  registry::Network& network() { return network_; }
  /// Used by one thread at a time.
  Transfers& transfers() { return transfers_; }

  /// Calls `work`. What the network warns of meanwhile is sent as events, also before an error.
  template <typename Function>
  auto telling(const Function& work) {
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<Function>>) {
        work();
        tell_warnings();
      } else {
        auto result = work();
        tell_warnings();
        return result;
      }
    } catch (...) {
      tell_warnings();
      throw;
    }
  }

private:
  void tell_warnings() {
    for (Diagnostic& warning : network_.take_warnings())
      events_.on_event(Warning{std::move(warning)});
  }

  EventSink& events_;
  std::stop_source cancel_;
  std::stop_callback<std::function<void()>> outside_;
  registry::Network network_;
  Transfers transfers_;
};

}  // namespace ocibuild::engine
