// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ocibuild/network.hpp>

#include "http/url.hpp"

namespace ocibuild::http {

/// A proxy to use for one URL.
struct Proxy {
  std::string url;     ///< scheme://host:port, without userinfo
  std::string user{};  ///< percent-decoded; empty: none
  std::string password{};
  std::string setting;  ///< where it came from: "HTTPS_PROXY"
};

/// Direct or through which proxy: by scheme, NO_PROXY, and loopback, which is always direct
/// (docs/reference/registry.md, C4). Pure; asked again for every hop.
/// @throws Error(Errc::network_setup, proxy-invalid) naming the setting, never its userinfo
std::optional<Proxy> proxy_for(const Url& url, const ProxySettings& settings);

/// Every proxy that is set, whoever it is for; one that several settings name comes once.
/// @throws as proxy_for()
std::vector<Proxy> all_proxies(const ProxySettings& settings);

}  // namespace ocibuild::http
