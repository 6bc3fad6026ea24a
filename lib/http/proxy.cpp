// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "http/ip_address.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

using support::concat;

namespace {

[[noreturn]] void throw_invalid(const std::string& setting, std::string_view what) {
  Error error(Errc::network_setup, "proxy-invalid",
              concat("the proxy of ", setting, " cannot be used: ", what));
  error.help("write it as [http|https|socks5|socks5h]://[USER:PASSWORD@]HOST[:PORT]");
  throw error;
}

/// One word of NO_PROXY.
bool entry_matches(std::string_view entry, const Origin& origin) {
  if (entry == "*") return true;
  const bool several_colons = std::count(entry.begin(), entry.end(), ':') > 1;
  const std::size_t colon = entry.rfind(':');
  // Without brackets, more than one colon is an IPv6 address and no port.
  if (colon != std::string_view::npos && (!several_colons || entry[colon - 1] == ']')) {
    std::uint64_t port = 0;
    if (!support::parse_number(entry.substr(colon + 1), 65535, port) || port != origin.port) {
      return false;
    }
    entry = entry.substr(0, colon);
  }
  const std::size_t slash = std::min(entry.find('/'), entry.size());
  std::string_view name = entry.substr(0, slash);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (const auto network = IpAddress::parse(name)) {
    const auto address = IpAddress::parse(origin.host);
    if (!address || address->is_v4() != network->is_v4()) return false;
    std::uint64_t bits = network->is_v4() ? 32 : 128;
    if (slash < entry.size() && !support::parse_number(entry.substr(slash + 1), bits, bits)) {
      return false;
    }
    return address->in(*network, static_cast<unsigned>(bits + (network->is_v4() ? 96 : 0)));
  }
  if (name.starts_with("*.")) name.remove_prefix(1);
  if (name.starts_with('.')) name.remove_prefix(1);
  const std::string domain = support::to_lower(name);
  return !domain.empty() && (origin.host == domain || origin.host.ends_with(concat('.', domain)));
}

bool is_excepted(const Origin& origin, const std::string& no_proxy) {
  std::string words = no_proxy;
  std::replace_if(words.begin(), words.end(), support::is_blank, ',');
  const auto entries = support::split(words, ',');
  return std::any_of(entries.begin(), entries.end(), [&](const std::string& entry) {
    return !entry.empty() && entry_matches(entry, origin);
  });
}

std::string decode(std::string_view text, const std::string& setting) {
  const auto decoded = percent_decode(text);
  if (!decoded) throw_invalid(setting, "a bad %XX in its user or password");
  return *decoded;
}

Proxy parse(const ProxySettings::Value& value) {
  Proxy proxy{.url = {}, .setting = value.setting};
  std::string_view rest = value.url;
  std::string scheme = "http";
  if (const std::size_t end = rest.find("://"); end != std::string_view::npos) {
    scheme = support::to_lower(rest.substr(0, end));
    rest.remove_prefix(end + 3);
  }
  const bool socks = scheme == "socks5" || scheme == "socks5h";
  if (!socks && scheme != "http" && scheme != "https") {
    throw_invalid(value.setting, "its scheme is none of http, https, socks5, socks5h");
  }
  // The last @: a password may hold one that nobody encoded.
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view userinfo = rest.substr(0, at);
    const std::size_t colon = std::min(userinfo.find(':'), userinfo.size());
    proxy.user = decode(userinfo.substr(0, colon), value.setting);
    if (colon < userinfo.size()) {
      proxy.password = decode(userinfo.substr(colon + 1), value.setting);
    }
    rest.remove_prefix(at + 1);
  }
  rest = rest.substr(0, rest.find_first_of("/?#"));
  // The port that the scheme's name implies; for SOCKS the one of RFC 1928.
  auto url = Url::parse(concat(scheme == "https" ? "https://" : "http://", rest));
  if (!url) throw_invalid(value.setting, "no host, or a bad port");
  const bool port_given = rest.find_last_of(':') != std::string_view::npos && !rest.ends_with(']');
  if (socks && !port_given) url->origin.port = 1080;
  const std::string& host = url->origin.host;
  const bool v6 = host.find(':') != std::string::npos;
  proxy.url = concat(scheme, "://", v6 ? concat('[', host, ']') : host, ':', url->origin.port);
  return proxy;
}

}  // namespace

std::optional<Proxy> proxy_for(const Url& url, const ProxySettings& settings) {
  if (is_loopback(url.origin.host)) return {};
  const auto& own = url.origin.scheme == "https" ? settings.https : settings.http;
  const auto& value = own ? own : settings.all;
  if (!value || value->url.empty() || is_excepted(url.origin, settings.no_proxy)) return {};
  return parse(*value);
}

std::vector<Proxy> all_proxies(const ProxySettings& settings) {
  std::vector<Proxy> out;
  for (const auto& value : {settings.https, settings.http, settings.all}) {
    if (!value || value->url.empty()) continue;
    Proxy proxy = parse(*value);
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const Proxy& other) { return other.url == proxy.url; });
    if (!known) out.push_back(std::move(proxy));
  }
  return out;
}

}  // namespace ocibuild::http
