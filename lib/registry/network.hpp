// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>

#include <ocibuild/network.hpp>

#include "http/client.hpp"
#include "registry/challenge.hpp"
#include "registry/credentials.hpp"
#include "registry/ecr.hpp"
#include "registry/repeater.hpp"
#include "registry/sources.hpp"
#include "registry/tokens.hpp"
#include "registry/warnings.hpp"

namespace ocibuild::registry {

/// Lets only so many requests be under way to one origin, and none while it asked for quiet
/// (docs/reference/registry.md, N6). Thread-safe.
class Gate {
public:
  explicit Gate(unsigned most) : free_(most) {}
  /// Waits for a place. @throws Error(Errc::interrupted)
  void enter(const std::stop_token& stop);
  void leave();
  /// Nobody enters before that time.
  void pause_until(std::chrono::steady_clock::time_point time);

private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  unsigned free_;
  std::chrono::steady_clock::time_point quiet_until_{};
};

/// What was learnt about one origin while this process talks to it.
struct OriginState {
  static constexpr unsigned most_requests = 8;

  Gate gate{most_requests};
  std::mutex mutex{};                      ///< for what follows
  std::optional<Challenge> challenge{};    ///< of its last 401
  bool basic = false;                      ///< takes user and password: send them at once (T3)
  bool refuses_whole_put = false;          ///< uploads begin with PATCH (U5)
  unsigned ignored_mounts = 0;             ///< mounts in a row that became sessions (M3)
  std::set<std::string> no_mounts_from{};  ///< repositories whose mount failed (M2)
};

/// What all registry work of one call shares. Nothing is opened or read before it is needed.
/// Thread-safe.
class Network {
public:
  /// `settings` must outlive this.
  Network(const NetworkSettings& settings, std::stop_token stop);
  ~Network();

  const NetworkSettings& settings() const { return settings_; }
  const std::stop_token& stop() const { return stop_; }
  /// @throws Error(Errc::usage, offline) when the settings say so
  http::Client& client();
  Tokens& tokens();
  Credentials& credentials() { return credentials_; }
  Ecr& ecr() { return ecr_; }
  const Configuration& configuration() const { return configuration_; }
  Repeater& repeater() { return repeater_; }
  Warnings& warnings() { return warnings_; }
  OriginState& origin(const http::Origin& origin);
  /// Bytes of documents and blobs that came and were right.
  void count_downloaded(std::uint64_t bytes) { downloaded_ += bytes; }
  std::uint64_t downloaded() const { return downloaded_; }

  /// The given ones, else those of docker's configuration (C4.1).
  ProxySettings proxies();

private:
  const NetworkSettings& settings_;
  const std::stop_token stop_;
  Configuration configuration_;
  Credentials credentials_;
  Ecr ecr_;
  Warnings warnings_;
  NetworkSettings client_settings_{};  // with the proxies of docker's configuration
  Repeater repeater_;
  std::atomic<std::uint64_t> downloaded_ = 0;
  std::mutex mutex_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<Tokens> tokens_;
  std::map<http::Origin, std::unique_ptr<OriginState>> origins_;
};

}  // namespace ocibuild::registry
