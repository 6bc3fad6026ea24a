// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "http/curl_api.hpp"
#include "http/exchange.hpp"

namespace ocibuild::http {

/// The one thread that moves bytes, and the connections that all exchanges share.
class EventLoop {
public:
  EventLoop();
  /// All exchanges must be over.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Starts `exchange`, or looks at what it wishes now. From any thread.
  void look_at(std::shared_ptr<Exchange> exchange);

private:
  struct MultiCleanup {
    void operator()(CURLM* multi) const noexcept { CurlApi::instance().multi_cleanup(multi); }
  };
  struct ShareCleanup {
    void operator()(CURLSH* share) const noexcept { CurlApi::instance().share_cleanup(share); }
  };

  void run() noexcept;
  void take_wishes();
  void take_results();
  void end_stalled();
  void finish(CURL* easy, CURLcode code, bool stalled);

  const CurlApi& api_;
  std::unique_ptr<CURLSH, ShareCleanup> share_;
  std::unique_ptr<CURLM, MultiCleanup> multi_;
  std::map<CURL*, std::shared_ptr<Exchange>> running_;  // event thread only
  std::mutex mutex_;
  std::vector<std::shared_ptr<Exchange>> to_look_at_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace ocibuild::http
