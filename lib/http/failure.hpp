// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/curl_api.hpp"
#include "http/request.hpp"
#include "http/trust.hpp"

namespace ocibuild::http {

/// What the exchange knows besides libcurl's code.
struct Circumstances {
  bool through_proxy = false;
  bool stalled = false;
  bool header_too_large = false;
  const PeerCertificate& peer;
};

/// The kind of a failed transfer and its facts (docs/reference/registry.md, Y3 and 12); no text.
Failure classify(CURL* easy, CURLcode code, const Circumstances& circumstances);

/// "Basic, NTLM" of CURLAUTH_* bits.
std::string auth_schemes(long bits);

}  // namespace ocibuild::http
