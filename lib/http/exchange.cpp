// SPDX-License-Identifier: Apache-2.0
#include "http/exchange.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "http/event_loop.hpp"
#include "http/failure.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

using support::concat;

namespace {
constexpr std::size_t piece_size = 64 * 1024;

/// "60 s"; less than a whole second as "250 ms".
std::string in_seconds(std::chrono::milliseconds time) {
  return time.count() % 1000 == 0 ? concat(time.count() / 1000, " s") : concat(time.count(), " ms");
}
}  // namespace

Outcome Exchange::run(EventLoop& loop, ResponseTaker& taker, const std::stop_token& stop) {
  support::throw_if_stopped(stop);
  std::unique_ptr<support::ByteSource> source;
  if (request_.body != nullptr && !request_.signature) source = request_.body->open();
  // Before the lock and gone after it: the callback takes the lock itself.
  const std::stop_callback on_stop(stop, [this] {
    const std::lock_guard guard(mutex_);
    stopped_ = true;
    changed_.notify_all();
  });
  Lock lock(mutex_);
  wish_ = Wish::start;
  loop.look_at(shared_from_this());
  try {
    pump(lock, loop, taker, source.get());
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    cancel(lock, loop);
    throw;
  }
  Outcome outcome;
  if (head_taken_) outcome.head = reader_.head();
  if (!declined_) outcome.failure = failure_;
  outcome.connection = connection_;
  return outcome;
}

void Exchange::pump(Lock& lock, EventLoop& loop, ResponseTaker& taker,
                    support::ByteSource* source) {
  while (true) {
    changed_.wait(lock, [&] {
      return stopped_ || done_ || (head_ready_ && !head_taken_) || incoming_.size() > 0 ||
             (source != nullptr && may_feed());
    });
    if (stopped_) throw Error(Errc::interrupted, "interrupted", "interrupted");
    if ((head_ready_ && !head_taken_) || incoming_.size() > 0) {
      deliver(lock, loop, taker);
      if (declined_) return cancel(lock, loop);
    } else if (done_) {
      return;
    } else {
      feed(lock, loop, *source);
    }
  }
}

void Exchange::deliver(Lock& lock, EventLoop& loop, ResponseTaker& taker) {
  if (!head_taken_) {
    head_taken_ = true;
    // The event thread changes a head that is ready no more: what follows are trailers.
    lock.unlock();
    const bool wanted = taker.head(reader_.head());
    lock.lock();
    declined_ = !wanted;
    // Paused for sending, libcurl does not end a transfer that it has stopped sending for.
    if (sending_paused_ && is_answered_early()) resume(loop);
    return;
  }
  piece_.resize(piece_size);
  const std::size_t count = incoming_.pop(piece_);
  if (receiving_paused_) resume(loop);
  lock.unlock();
  taker.body({piece_.data(), count});
  lock.lock();
}

/// Not once an answer is there: what libcurl then still wants it asks for by itself, and an error
/// that comes early ends the sending (T10).
bool Exchange::may_feed() const {
  return fed_ < body_size_ && outgoing_.room() > 0 && !is_answered_early();
}

bool Exchange::is_answered_early() const {
  return head_ready_ && reader_.head().status >= 300;
}

void Exchange::feed(Lock& lock, EventLoop& loop, support::ByteSource& source) {
  const auto most = std::min<std::uint64_t>({piece_size, outgoing_.room(), body_size_ - fed_});
  piece_.resize(piece_size);
  lock.unlock();
  const std::size_t count = source.read({piece_.data(), static_cast<std::size_t>(most)});
  if (count == 0 && body_size_ != RequestBody::unknown_size) {
    throw Error(Errc::failed, "source-changed",
                concat("the content to send ended after ", fed_, " of ", body_size_, " bytes"));
  }
  lock.lock();
  if (count == 0) body_size_ = fed_;
  outgoing_.push({piece_.data(), count});
  fed_ += count;
  if (sending_paused_) resume(loop);
}

void Exchange::resume(EventLoop& loop) {
  if (done_ || wish_ != Wish::none) return;
  wish_ = Wish::resume;
  loop.look_at(shared_from_this());
}

void Exchange::cancel(Lock& lock, EventLoop& loop) {
  if (!done_ && wish_ != Wish::start) {
    wish_ = Wish::cancel;
    loop.look_at(shared_from_this());
  } else if (!done_) {
    changed_.wait(lock, [&] { return done_ || wish_ != Wish::start; });
    return cancel(lock, loop);
  }
  changed_.wait(lock, [&] { return done_; });
}

Exchange::Wish Exchange::take_wish() {
  const std::lock_guard lock(mutex_);
  if (wish_ == Wish::resume) receiving_paused_ = sending_paused_ = false;
  changed_.notify_all();
  return std::exchange(wish_, Wish::none);
}

bool Exchange::is_stalled(std::chrono::steady_clock::time_point now) {
  const CurlApi& api = CurlApi::instance();
  curl_off_t began = 0;
  api.easy_getinfo(easy(), CURLINFO_PRETRANSFER_TIME_T, &began);
  if (began == 0) return false;  // still connecting: libcurl's own time limit
  curl_off_t up = 0;
  curl_off_t down = 0;
  api.easy_getinfo(easy(), CURLINFO_SIZE_UPLOAD_T, &up);
  api.easy_getinfo(easy(), CURLINFO_SIZE_DOWNLOAD_T, &down);
  const curl_off_t moved = up + down + static_cast<curl_off_t>(reader_.bytes());
  const std::lock_guard lock(mutex_);
  // A pause is ours: the caller is slow, not the network.
  if (moved != seen_ || receiving_paused_ || sending_paused_) {
    seen_ = moved;
    seen_at_ = now;
    return false;
  }
  const bool waits_for_answer = body_size_ > 0 && read_ == body_size_ && last_status() < 200;
  const std::chrono::milliseconds answer = request_.answer_timeout;
  stall_limit_ = waits_for_answer ? std::max(answer, idle_timeout_) : idle_timeout_;
  return now - seen_at_ >= stall_limit_;
}

bool Exchange::is_refused_by_proxy() const {
  return route_.proxy && last_status() == 407;
}

void Exchange::finish(CURLcode code, bool stalled) {
  CurlApi::instance().easy_getinfo(easy(), CURLINFO_PROXYAUTH_AVAIL, &offered_proxy_auth_);
  const std::lock_guard lock(mutex_);
  if (is_refused_by_proxy()) {
    failure_ = failure_of(CURLE_OK, false);
    failure_->kind = Failure::Kind::proxy_auth;
  } else {
    head_ready_ = head_ready_ || reader_.is_complete();
    if (code != CURLE_OK) failure_ = failure_of(code, stalled);
  }
  connection_ = connection();
  done_ = true;
  changed_.notify_all();
}

/// libcurl's times count from the start of the exchange; a step that was not reached has 0.
Connection Exchange::connection() const {
  const auto since_start = [&](CURLINFO what) {
    curl_off_t time = 0;
    CurlApi::instance().easy_getinfo(easy(), what, &time);
    return std::chrono::microseconds(time);
  };
  long opened = 0;
  CurlApi::instance().easy_getinfo(easy(), CURLINFO_NUM_CONNECTS, &opened);
  const char* address = nullptr;
  CurlApi::instance().easy_getinfo(easy(), CURLINFO_PRIMARY_IP, &address);
  const auto named = since_start(CURLINFO_NAMELOOKUP_TIME_T);
  const auto connected = since_start(CURLINFO_CONNECT_TIME_T);
  const auto secured = since_start(CURLINFO_APPCONNECT_TIME_T);
  return {.opened = opened > 0,
          .address = address != nullptr ? address : "",
          .dns = named,
          .connect = connected > named ? connected - named : std::chrono::microseconds(),
          .tls = secured > connected ? secured - connected : std::chrono::microseconds(),
          .certificate = peer_};
}

Failure Exchange::failure_of(CURLcode code, bool stalled) const {
  Failure failure = classify(easy_.get(), code,
                             {.through_proxy = route_.proxy.has_value(),
                              .stalled = stalled,
                              .header_too_large = header_too_large_,
                              .peer = peer_});
  const std::string_view words(error_text_.data());
  failure.text =
      support::escape_controls(words.empty() ? CurlApi::instance().easy_strerror(code) : words);
  if (stalled) failure.text = concat("no byte for ", in_seconds(stall_limit_));
  // OpenSSL gives a reason for everything but a connection that is gone.
  failure.handshake_cut = failure.kind == Failure::Kind::tls_handshake &&
                          (words.find("error:") == std::string_view::npos ||
                           words.find("unexpected eof") != std::string_view::npos);
  failure.received = received_;
  if (code == CURLE_SEND_FAIL_REWIND) {
    // The kept connection was lost; libcurl has made a new one and found that it cannot repeat.
    failure.connection_reused = true;
    failure.sent = read_;
  }
  return failure;
}

}  // namespace ocibuild::http
