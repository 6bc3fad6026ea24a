// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include <ocibuild/network.hpp>

#include "http/request.hpp"

namespace ocibuild::http {

/// One request on the wire, for the log of --debug. Nothing secret: the URL has no query values.
struct RequestLog {
  Method method = Method::get;
  std::string url{};
  int status = 0;         ///< 0: no answer
  std::string failure{};  ///< libcurl's words; empty: none
  std::chrono::milliseconds time{};
  std::string proxy{};  ///< host:port; empty: direct
};

/// HTTP for registries, token servers and clouds, on libcurl: connections are kept and shared, TLS
/// is verified against the given trust, proxies are decided per request
/// (docs/reference/registry.md, 2, C4 and 6). The only user of libcurl.
///
/// Thread-safe: any number of threads may be in send(). One thread of the client's own moves the
/// bytes; sources and takers are called on the caller's thread. Memory: at most 1 MiB an exchange.
/// libcurl is initialised by the first client, so a program that makes none pays nothing.
class Client {
public:
  /// `settings` must outlive the client. @throws Error(Errc::usage, offline) never here: an offline
  /// client may be made, and send() is a bug (Errc::internal).
  /// @throws Error(Errc::network_setup, libcurl-missing, libcurl-unusable)
  explicit Client(const NetworkSettings& settings);
  ~Client();

  /// Called after every request on the wire, on the thread that sent it; must be thread-safe. Set
  /// it before the first send().
  void observe(std::function<void(const RequestLog&)> observer);

  /// One exchange, one hop, no repetition except that a kept connection that was dead before
  /// anything happened is replaced (N5). For an insecure origin TLS without verification is tried,
  /// then plain HTTP, and the answer remembered (S2). A proxy's password is offered in the way that
  /// the proxy wants (C4.5).
  /// @throws Error(Errc::interrupted) after `stop`; what taker and body throw passes through;
  /// Error(Errc::network_setup, certificate-file, proxy-invalid) for settings that cannot be used;
  /// Error(Errc::failed, source-changed) for a body that ends before its size
  Outcome send(const Request& request, ResponseTaker& taker, std::stop_token stop = {});

  /// The answer's body as text, at most `limit` bytes (more: Failure::body_too_large).
  struct TextAnswer {
    Outcome outcome;
    std::string body;
  };
  TextAnswer send(const Request& request, std::size_t limit, std::stop_token stop = {});

  /// How many CAs are trusted and from which file, for messages.
  struct Trust {
    std::size_t authorities;
    std::string file;
  };
  Trust trust() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::http
