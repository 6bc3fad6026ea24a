// SPDX-License-Identifier: Apache-2.0
#include "http/event_loop.hpp"

#include <csignal>
#include <new>

#include <ocibuild/error.hpp>

namespace ocibuild::http {

namespace {
constexpr long kept_connections = 32;
// How often stalls are looked for; a wake-up a quarter of a second costs nothing measurable.
constexpr int tick_milliseconds = 250;
}  // namespace

EventLoop::EventLoop()
    : api_(CurlApi::instance()), share_(api_.share_init()), multi_(api_.multi_init()) {
  if (!share_ || !multi_) throw std::bad_alloc();
  api_.share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  api_.multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kept_connections);
  // A signal must find the program's own threads, and a closed connection must not raise SIGPIPE
  // in ours: the new thread inherits a full mask.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    thread_ = std::thread([this] { run(); });
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw Error(Errc::failed, "no-threads", "no thread can be started for the network");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

EventLoop::~EventLoop() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  api_.multi_wakeup(multi_.get());
  thread_.join();
}

void EventLoop::look_at(std::shared_ptr<Exchange> exchange) {
  {
    const std::lock_guard lock(mutex_);
    to_look_at_.push_back(std::move(exchange));
  }
  api_.multi_wakeup(multi_.get());
}

void EventLoop::run() noexcept {
  while (true) {
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
    }
    take_wishes();
    int still_running = 0;
    api_.multi_perform(multi_.get(), &still_running);
    take_results();
    end_stalled();
    const int timeout = running_.empty() ? 60'000 : tick_milliseconds;
    api_.multi_poll(multi_.get(), nullptr, 0, timeout, nullptr);
  }
}

void EventLoop::take_wishes() {
  std::vector<std::shared_ptr<Exchange>> exchanges;
  {
    const std::lock_guard lock(mutex_);
    exchanges.swap(to_look_at_);
  }
  for (auto& exchange : exchanges) {
    CURL* easy = exchange->easy();
    const Exchange::Wish wish = exchange->take_wish();
    if (wish == Exchange::Wish::start) {
      EasyOptions(easy).pointer(CURLOPT_SHARE, share_.get());
      running_.emplace(easy, exchange);
      if (api_.multi_add_handle(multi_.get(), easy) != CURLM_OK) {
        finish(easy, CURLE_OUT_OF_MEMORY, false);
      }
    } else if (running_.count(easy) == 0) {
      continue;  // it ended meanwhile
    } else if (wish == Exchange::Wish::cancel) {
      finish(easy, CURLE_ABORTED_BY_CALLBACK, false);
    } else if (wish == Exchange::Wish::resume) {
      api_.easy_pause(easy, CURLPAUSE_CONT);
    }
  }
}

void EventLoop::take_results() {
  int left = 0;
  while (const CURLMsg* message = api_.multi_info_read(multi_.get(), &left)) {
    // The message dies with the handle's removal.
    if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result, false);
  }
}

void EventLoop::end_stalled() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<CURL*> stalled;
  for (const auto& [easy, exchange] : running_) {
    if (exchange->is_stalled(now)) stalled.push_back(easy);
  }
  for (CURL* easy : stalled) finish(easy, CURLE_OPERATION_TIMEDOUT, true);
}

void EventLoop::finish(CURL* easy, CURLcode code, bool stalled) {
  const auto found = running_.find(easy);
  if (found == running_.end()) return;
  const auto exchange = std::move(found->second);
  running_.erase(found);
  api_.multi_remove_handle(multi_.get(), easy);
  // Out of the share before another thread frees the handle: the share has no locks.
  EasyOptions(easy).pointer(CURLOPT_SHARE, nullptr);
  exchange->finish(code, stalled);
}

}  // namespace ocibuild::http
