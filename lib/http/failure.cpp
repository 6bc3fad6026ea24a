// SPDX-License-Identifier: Apache-2.0
#include "http/failure.hpp"

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "support/text.hpp"

namespace ocibuild::http {

using Kind = Failure::Kind;

namespace {

// CURLE_TOO_LARGE of libcurl 8.6 and later, for a header.
constexpr int curle_too_large = 100;

template <typename Number>
Number info(CURL* easy, CURLINFO what) {
  Number value = 0;
  CurlApi::instance().easy_getinfo(easy, what, &value);
  return value;
}

Kind tls_kind(const PeerCertificate& peer) {
  if (peer.verify_error == 0) return Kind::tls_name;
  return peer.is_out_of_time() ? Kind::tls_time : Kind::tls_untrusted;
}

/// The proxy answered CONNECT with something else than success. Tinyproxy says 401 to a wrong
/// password.
Kind refused_connect_kind(long status) {
  return status == 407 || status == 401 ? Kind::proxy_auth : Kind::proxy_refused;
}

/// What a SOCKS proxy did not like.
Kind socks_kind(long error) {
  switch (error) {
    case CURLPX_NO_AUTH:
    case CURLPX_USER_REJECTED:
      return Kind::proxy_auth;
    case CURLPX_RECV_CONNECT:
    case CURLPX_RECV_AUTH:
    case CURLPX_SEND_CONNECT:
    case CURLPX_SEND_AUTH:
    case CURLPX_CLOSED:
    case CURLPX_BAD_VERSION:
      return Kind::proxy_connect;
    default:
      return Kind::proxy_refused;
  }
}

Kind timeout_kind(CURL* easy, const Circumstances& circumstances) {
  if (circumstances.stalled) return Kind::stalled;
  const bool connected = info<curl_off_t>(easy, CURLINFO_CONNECT_TIME_T) > 0;
  return circumstances.through_proxy && !connected ? Kind::proxy_connect : Kind::connect_timeout;
}

bool is_reused(CURL* easy) {
  return info<long>(easy, CURLINFO_NUM_CONNECTS) == 0 &&
         info<curl_off_t>(easy, CURLINFO_PRETRANSFER_TIME_T) > 0;
}

Kind kind_of(CURL* easy, CURLcode code, const Circumstances& circumstances) {
  const long connect_status = info<long>(easy, CURLINFO_HTTP_CONNECTCODE);
  const bool connect_refused = connect_status != 0 && connect_status / 100 != 2;
  if (code == curle_too_large) return Kind::header_too_large;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Kind::dns;
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Kind::proxy_dns;
    case CURLE_COULDNT_CONNECT:
      return circumstances.through_proxy ? Kind::proxy_connect : Kind::connect;
    case CURLE_OPERATION_TIMEDOUT:
      return timeout_kind(easy, circumstances);
    case CURLE_SSL_CONNECT_ERROR:
      return Kind::tls_handshake;
    case CURLE_PEER_FAILED_VERIFICATION:
      return tls_kind(circumstances.peer);
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_CLIENTCERT:
      return Kind::certificate_file;
    case CURLE_PROXY:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      if (connect_refused) return refused_connect_kind(connect_status);
      return code == CURLE_PROXY ? socks_kind(info<long>(easy, CURLINFO_PROXY_ERROR)) : Kind::reset;
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:  // libcurl wanted to repeat on a new connection, exchange.cpp not
      return Kind::reset;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      // On a kept connection: what the answer before had too much.
      return is_reused(easy) ? Kind::reset : Kind::other;
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Kind::http2;
    case CURLE_WRITE_ERROR:
      return circumstances.header_too_large ? Kind::header_too_large : Kind::other;
    default:
      return Kind::other;
  }
}

}  // namespace

Failure classify(CURL* easy, CURLcode code, const Circumstances& circumstances) {
  Failure failure;
  failure.kind = kind_of(easy, code, circumstances);
  failure.curl_code = code;
  failure.connect_status = info<long>(easy, CURLINFO_HTTP_CONNECTCODE);
  failure.sent = static_cast<std::uint64_t>(info<curl_off_t>(easy, CURLINFO_SIZE_UPLOAD_T));
  failure.connection_reused = is_reused(easy);
  failure.subject = circumstances.peer.subject;
  failure.issuer = circumstances.peer.issuer;
  failure.names = circumstances.peer.names;
  failure.not_before = circumstances.peer.not_before;
  failure.not_after = circumstances.peer.not_after;
  failure.proxy_schemes = auth_schemes(info<long>(easy, CURLINFO_PROXYAUTH_AVAIL));
  return failure;
}

std::string auth_schemes(long bits) {
  constexpr std::array<std::pair<unsigned long, std::string_view>, 4> names{
      {{CURLAUTH_NEGOTIATE, "Negotiate"},
       {CURLAUTH_NTLM, "NTLM"},
       {CURLAUTH_BASIC, "Basic"},
       {CURLAUTH_DIGEST, "Digest"}}};
  std::vector<std::string> schemes;
  for (const auto& [bit, name] : names) {
    if ((static_cast<unsigned long>(bits) & bit) != 0) schemes.emplace_back(name);
  }
  return support::join(schemes, ", ");
}

}  // namespace ocibuild::http
