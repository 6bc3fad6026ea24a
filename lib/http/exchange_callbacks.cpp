// SPDX-License-Identifier: Apache-2.0
#include "http/exchange_callbacks.hpp"

#include <cstdio>

#include "http/exchange.hpp"

namespace ocibuild::http {

std::size_t ExchangeCallbacks::on_header(char* data, std::size_t, std::size_t size,
                                         void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  try {
    if (!exchange.reader_.add_line({data, size})) {
      exchange.header_too_large_ = true;
      return 0;
    }
  } catch (...) {
    return 0;  // out of memory; libcurl reports a write error
  }
  const int status = exchange.last_status();
  // libcurl may answer these two itself; if not, they are handed on at the end.
  if (!exchange.reader_.is_complete() || status == 407 || status == 417) return size;
  const std::lock_guard lock(exchange.mutex_);
  exchange.head_ready_ = true;
  exchange.changed_.notify_all();
  return size;
}

std::size_t ExchangeCallbacks::on_body(char* data, std::size_t, std::size_t size,
                                       void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  if (exchange.is_refused_by_proxy()) return size;
  try {
    const std::lock_guard lock(exchange.mutex_);
    if (exchange.incoming_.room() < size) {
      exchange.receiving_paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    exchange.head_ready_ = true;
    exchange.incoming_.push(support::as_bytes({data, size}));
    exchange.received_ += size;
    exchange.changed_.notify_all();
    return size;
  } catch (...) {
    return 0;
  }
}

std::size_t ExchangeCallbacks::on_read(char* data, std::size_t, std::size_t size,
                                       void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  const std::lock_guard lock(exchange.mutex_);
  const std::size_t count = exchange.outgoing_.pop({reinterpret_cast<std::byte*>(data), size});
  exchange.read_ += count;
  if (count > 0) {
    exchange.changed_.notify_all();
    return count;
  }
  if (exchange.fed_ == exchange.body_size_) return 0;
  if (exchange.is_answered_early()) return CURL_READFUNC_ABORT;  // nothing more will come
  exchange.sending_paused_ = true;
  exchange.changed_.notify_all();
  return CURL_READFUNC_PAUSE;
}

/// Bytes that were sent are gone: whoever called send() must decide whether to send them again
/// (N5).
int ExchangeCallbacks::on_seek(void* self, curl_off_t offset, int origin) noexcept {
  const auto& exchange = *static_cast<Exchange*>(self);
  return offset == 0 && origin == SEEK_SET && exchange.read_ == 0 ? CURL_SEEKFUNC_OK
                                                                  : CURL_SEEKFUNC_FAIL;
}

CURLcode ExchangeCallbacks::on_ssl_context(CURL*, void* ssl_ctx, void* self) noexcept {
  auto& exchange = *static_cast<Exchange*>(self);
  // Through an HTTPS proxy a new connection has two handshakes, the proxy's first.
  const bool for_proxy = exchange.proxy_handshake_next_;
  if (exchange.proxy_trust_ != nullptr && exchange.trust_ != nullptr) {
    exchange.proxy_handshake_next_ = !for_proxy;
  }
  const Trust::ForOrigin* trust = for_proxy ? exchange.proxy_trust_ : exchange.trust_;
  return trust != nullptr && Trust::install(ssl_ctx, *trust, exchange.peer_)
             ? CURLE_OK
             : CURLE_SSL_CERTPROBLEM;
}

}  // namespace ocibuild::http
