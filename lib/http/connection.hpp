// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace ocibuild::http {

/// What the peer showed in a handshake, for messages.
struct PeerCertificate {
  int verify_error = 0;  ///< X509_V_*; 0: trusted
  std::string subject{};
  std::string issuer{};
  std::string root{};   ///< subject of the trusted CA at the chain's end; empty: untrusted
  std::string names{};  ///< DNS names and addresses, ", " between them
  std::string not_before{};
  std::string not_after{};

  bool is_out_of_time() const;
};

/// How the connection of one exchange came about, as far as it did. Through a proxy `address`,
/// `dns` and `connect` are the proxy's, and `tls` has the CONNECT before it.
struct Connection {
  bool opened = false;    ///< for this exchange; false: kept from an earlier one, or never made
  std::string address{};  ///< "203.0.113.7"
  std::chrono::microseconds dns{};  ///< times may be 0 when a later step failed
  std::chrono::microseconds connect{};
  std::chrono::microseconds tls{};  ///< 0: none
  PeerCertificate certificate{};    ///< empty subject: none was shown
};

}  // namespace ocibuild::http
