// SPDX-License-Identifier: Apache-2.0
#include "registry/network.hpp"

#include <algorithm>

#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

void Gate::enter(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  for (;;) {
    support::throw_if_stopped(stop);
    const auto now = std::chrono::steady_clock::now();
    if (now < quiet_until_) {
      changed_.wait_until(lock, stop, quiet_until_, [] { return false; });
    } else if (free_ == 0) {
      changed_.wait(lock, stop, [&] { return free_ > 0; });
    } else {
      --free_;
      return;
    }
  }
}

void Gate::leave() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  changed_.notify_one();
}

void Gate::pause_until(std::chrono::steady_clock::time_point time) {
  const std::lock_guard lock(mutex_);
  quiet_until_ = std::max(quiet_until_, time);
}

namespace {

/// "GET https://reg.test/v2/a/manifests/1 200 12 ms via proxy:3128".
std::string log_line(const http::RequestLog& request) {
  std::string line = support::concat(http::name_of(request.method), ' ', request.url, ' ');
  line += request.status != 0 ? std::to_string(request.status) : "no answer";
  if (!request.failure.empty())
    line += support::concat(" (", support::escape_controls(request.failure), ')');
  line += support::concat(' ', request.time.count(), " ms");
  if (!request.proxy.empty()) line += support::concat(" via ", request.proxy);
  return line;
}

}  // namespace

Network::Network(const NetworkSettings& settings, std::stop_token stop)
    : settings_(settings),
      stop_(std::move(stop)),
      configuration_(settings),
      credentials_(settings.credentials, stop_),
      ecr_(settings, stop_, [this] { return proxies(); }),
      repeater_({settings.retries, settings.retry_delay}, stop_) {}

Network::~Network() = default;

http::Client& Network::client() {
  if (settings_.offline) {
    throw Error(Errc::usage, {"offline",
                              "this needs a registry, and --offline forbids every connection",
                              {},
                              {},
                              {"leave --offline out, or load what is missing from a file"}});
  }
  const std::lock_guard lock(mutex_);
  if (!client_) {
    client_settings_ = settings_;
    client_settings_.proxies = proxies();
    client_ = std::make_unique<http::Client>(client_settings_);
    if (settings_.request_log) {
      client_->observe(
          [this](const http::RequestLog& request) { settings_.request_log(log_line(request)); });
    }
  }
  return *client_;
}

ProxySettings Network::proxies() {
  const ProxySettings& given = settings_.proxies;
  return given.http || given.https || given.all ? given : credentials_.docker_proxies();
}

Tokens& Network::tokens() {
  http::Client& client = this->client();
  const std::lock_guard lock(mutex_);
  if (!tokens_) tokens_ = std::make_unique<Tokens>(client, repeater_, stop_);
  return *tokens_;
}

OriginState& Network::origin(const http::Origin& origin) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<OriginState>& state = origins_[origin];
  if (!state) state = std::make_unique<OriginState>();
  return *state;
}

}  // namespace ocibuild::registry
