// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <ocibuild/network.hpp>

#include "http/connection.hpp"
#include "http/url.hpp"

namespace ocibuild::http {

/// Certificates that are trusted, and our own (docs/reference/registry.md, S3, S4, C6). The only
/// user of OpenSSL's TLS half. Files are read when first needed, once. Thread-safe.
class Trust {
public:
  /// `settings` must outlive this.
  explicit Trust(const TrustSettings& settings);
  ~Trust();

  /// What one origin is checked against and which certificate it gets from us. Immutable, lives as
  /// long as the Trust.
  class ForOrigin;
  /// @throws Error(Errc::network_setup, certificate-file) naming a file that cannot be used
  const ForOrigin& for_origin(const Origin& origin);
  /// The base set and --cacert only: for proxies.
  const ForOrigin& base();

  /// Makes a new SSL_CTX of libcurl's (a void pointer, as CURLOPT_SSL_CTX_FUNCTION has it) check
  /// against `trust`, and write what the peer shows to `shown`, which must live until the handshake
  /// is over. False: out of memory.
  static bool install(void* ssl_ctx, const ForOrigin& trust, PeerCertificate& shown) noexcept;

  struct Summary {
    std::size_t authorities = 0;
    std::string file{};
  };
  Summary summary();

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::http
