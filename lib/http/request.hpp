// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/connection.hpp"
#include "http/url.hpp"
#include "support/bytes.hpp"

namespace ocibuild::http {

enum class Method { get, head, post, put, patch, delete_ };
std::string_view name_of(Method method);

/// In the order of the wire. Names compare without case.
class Headers {
public:
  void add(std::string name, std::string value);
  /// First value of that name.
  std::optional<std::string> find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// Bytes to send. Opened anew for each attempt (docs/reference/registry.md, Y4).
class RequestBody {
public:
  /// A size that nobody knows before the source has ended: the body is sent in chunks (RFC 9112,
  /// 7.1), and cannot be signed.
  static constexpr std::uint64_t unknown_size = UINT64_MAX;

  virtual ~RequestBody() = default;
  virtual std::uint64_t size() const = 0;
  virtual std::unique_ptr<support::ByteSource> open() const = 0;
};

/// A small body that stays in memory.
class TextBody final : public RequestBody {
public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  std::unique_ptr<support::ByteSource> open() const override;

private:
  std::string text_;
};

/// "a=b&c=d", the values percent-encoded.
std::string form(const std::vector<std::pair<std::string_view, std::string>>& fields);

/// One request for one hop: redirects are answers like any other.
struct Request {
  Method method = Method::get;
  Url url;
  Headers headers{};
  const RequestBody* body = nullptr;  ///< must outlive the exchange; absent: Content-Length 0 for
                                      ///< POST, PUT and PATCH
  /// Waiting for the answer once a body is sent; at least the client's idle time.
  std::chrono::seconds answer_timeout{300};
  /// Signs the request for AWS ("us-east-1", "ecr"); the body must be small and is held in memory.
  struct AwsSignature {
    std::string region;
    std::string service;
    std::string access_key_id;
    std::string secret_access_key;
  };
  std::optional<AwsSignature> signature{};
  /// The caller's word that this origin is insecure (S1), besides what NetworkSettings says: a
  /// registries.conf entry, a mirror.
  bool insecure = false;
  /// Undoes a Content-Encoding that came although nobody asked for one (N2).
  bool decode = false;
  /// Never through a proxy: instance metadata (C4), engines.
  bool direct = false;
  /// Whom to ask instead of the URL's host: a socket of this machine. The URL is http, and `direct`
  /// is set.
  std::filesystem::path unix_socket{};
  /// Instead of the client's, for what answers at once or not at all: instance metadata (W6).
  std::optional<std::chrono::milliseconds> connect_timeout{};
};

struct ResponseHead {
  int status = 0;
  Headers headers{};
};

/// Why there is no answer, or none to the end. Not an exception: retries are decided by it
/// (docs/reference/registry.md, Y3).
struct Failure {
  enum class Kind {
    dns,
    connect,  ///< refused, unreachable
    connect_timeout,
    tls_handshake,  ///< no TLS spoken, reset in the handshake
    tls_untrusted,
    tls_name,
    tls_time,          ///< expired or not yet valid
    certificate_file,  ///< a CA or client certificate of ours cannot be read
    proxy_dns,
    proxy_connect,
    proxy_auth,     ///< 407
    proxy_refused,  ///< CONNECT answered with another status
    stalled,        ///< no byte for the idle time
    reset,          ///< connection lost, empty or cut answer
    http2,
    header_too_large,
    body_too_large,  ///< the taker stopped
    other,
  };
  Kind kind = Kind::other;
  int curl_code = 0;
  std::string text{};          ///< curl's words
  long connect_status = 0;     ///< of the proxy's answer to CONNECT
  std::uint64_t sent = 0;      ///< bytes of the body that went out
  std::uint64_t received = 0;  ///< bytes of the answer's body
  bool connection_reused = false;
  /// Of tls_handshake: the connection was cut, which a later attempt may cure; else no TLS spoken.
  bool handshake_cut = false;
  /// Of tls_handshake: plain HTTP was tried too, and is answered with the wish for TLS.
  bool wants_tls = false;
  std::string subject{};  ///< of the certificate shown, for tls_*
  std::string issuer{};
  std::string names{};  ///< that the certificate is for, ", " between them
  std::string not_before{};
  std::string not_after{};
  std::string proxy_schemes{};  ///< offered with 407
};

/// Takes an answer as it comes, on the thread that called send().
class ResponseTaker {
public:
  virtual ~ResponseTaker() = default;
  /// Called once, before body(). False ends the exchange here: the body is not wanted.
  virtual bool head(const ResponseHead& head) = 0;
  virtual void body(support::Bytes bytes) = 0;
};

struct Outcome {
  std::optional<ResponseHead> head{};  ///< absent: no answer
  std::optional<Failure> failure{};    ///< absent: the whole answer came, or the taker declined
  std::string via_proxy{};             ///< host:port, empty: direct
  std::string proxy_setting{};         ///< where that proxy is set: "HTTPS_PROXY"
  Connection connection{};
  /// What was asked: the request's URL, with http where an insecure origin speaks no TLS. A
  /// Location is resolved against it.
  Url url{};
};

}  // namespace ocibuild::http
