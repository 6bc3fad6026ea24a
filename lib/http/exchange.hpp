// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "http/byte_ring.hpp"
#include "http/curl_api.hpp"
#include "http/head_reader.hpp"
#include "http/proxy.hpp"
#include "http/request.hpp"
#include "http/trust.hpp"

namespace ocibuild::http {

class EventLoop;

/// How one request goes over the wire, as the client has decided.
struct Route {
  Url url;  ///< the request's, or the same with http
  bool verify = true;
  std::optional<Proxy> proxy{};
  unsigned long proxy_auth = CURLAUTH_NONE;  ///< at most one scheme
  bool expect_continue = true;               ///< for bodies over 1 MiB
};

/// One request on its way: the caller's thread and the event thread meet here. Bytes wait in two
/// rings of 256 KiB; a full or empty one pauses libcurl.
class Exchange : public std::enable_shared_from_this<Exchange> {
public:
  /// `request` must outlive the exchange. @throws Error(Errc::network_setup, certificate-file)
  Exchange(const Request& request, const Route& route, const NetworkSettings& settings,
           Trust& trust);

  /// Runs the exchange on `loop` until it is over; the taker and the body are called here.
  /// @throws Error(Errc::interrupted) after `stop`, and what taker and body throw
  Outcome run(EventLoop& loop, ResponseTaker& taker, const std::stop_token& stop);

  /// Status of the last head, also of one that was not handed on (407, 417).
  int last_status() const { return reader_.head().status; }
  /// Schemes that the proxy offers with 407, CURLAUTH_*.
  unsigned long offered_proxy_auth() const {
    return static_cast<unsigned long>(offered_proxy_auth_);
  }

  // For the event thread.
  CURL* easy() const { return easy_.get(); }
  enum class Wish { none, start, resume, cancel };
  /// What the caller's thread wants done.
  Wish take_wish();
  /// Nothing moved for longer than is allowed; `now` and earlier calls tell how long.
  bool is_stalled(std::chrono::steady_clock::time_point now);
  /// Ends the exchange; the easy handle is no longer in use. `stalled`: by is_stalled().
  void finish(CURLcode code, bool stalled);

private:
  friend struct ExchangeCallbacks;

  void set_up(const NetworkSettings& settings);
  void set_up_method();
  void set_up_headers();
  void set_up_proxy();
  void set_up_tls();

  // The caller's side; all of them hold the lock when they begin and when they end.
  using Lock = std::unique_lock<std::mutex>;
  void pump(Lock& lock, EventLoop& loop, ResponseTaker& taker, support::ByteSource* source);
  void feed(Lock& lock, EventLoop& loop, support::ByteSource& source);
  void deliver(Lock& lock, EventLoop& loop, ResponseTaker& taker);
  void cancel(Lock& lock, EventLoop& loop);
  void resume(EventLoop& loop);
  bool may_feed() const;
  bool is_answered_early() const;

  bool is_refused_by_proxy() const;
  Failure failure_of(CURLcode code, bool stalled) const;
  Connection connection() const;

  const Request& request_;
  const Route route_;
  const std::chrono::milliseconds idle_timeout_;
  const Trust::ForOrigin* trust_ = nullptr;
  const Trust::ForOrigin* proxy_trust_ = nullptr;
  std::string signed_body_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  CurlList headers_;
  CurlList resolve_;
  CurlEasyHandle easy_;

  // Event thread only, until finish().
  PeerCertificate peer_;
  bool proxy_handshake_next_ = false;
  HeadReader reader_;
  bool header_too_large_ = false;
  std::uint64_t read_ = 0;  // bytes of the body that libcurl took
  curl_off_t seen_ = -1;    // bytes moved at the last look
  std::chrono::steady_clock::time_point seen_at_{};
  std::chrono::milliseconds stall_limit_{};
  long offered_proxy_auth_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Under mutex_.
  std::uint64_t body_size_ = 0;  // changes when the end of one without a size is found
  ByteRing incoming_;
  ByteRing outgoing_;
  Wish wish_ = Wish::none;
  bool head_ready_ = false;
  bool head_taken_ = false;
  bool receiving_paused_ = false;
  bool sending_paused_ = false;
  std::uint64_t fed_ = 0;  // bytes of the body that the source gave
  std::uint64_t received_ = 0;
  bool done_ = false;
  bool stopped_ = false;
  bool declined_ = false;
  std::vector<std::byte> piece_;  // caller's thread only
  std::optional<Failure> failure_;
  Connection connection_;
};

}  // namespace ocibuild::http
