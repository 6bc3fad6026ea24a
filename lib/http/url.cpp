// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <algorithm>

#include "http/ip_address.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

using support::concat;
using support::is_alpha;
using support::is_digit;

namespace {

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "http" ? 80 : 443;
}

std::string_view without_final_dot(std::string_view host) {
  if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool in_any(const IpAddress& address,
            std::initializer_list<std::pair<std::string_view, unsigned>> ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
    return address.in(*IpAddress::parse(range.first), range.second);
  });
}

/// Scheme of a reference, lower case; empty if it has none.
std::string scheme_of(std::string_view text) {
  const std::size_t colon = text.find_first_of(":/?#");
  if (colon == std::string_view::npos || text[colon] != ':' || colon == 0) return {};
  const std::string_view scheme = text.substr(0, colon);
  const bool valid =
      is_alpha(scheme.front()) && std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
      });
  return valid ? support::to_lower(scheme) : std::string();
}

bool has_forbidden_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

/// Host, lower case and without brackets; empty if it is none.
std::string parse_host(std::string_view text) {
  if (text.starts_with('[')) {
    if (!text.ends_with(']')) return {};
    const std::string_view inside = text.substr(1, text.size() - 2);
    const bool v6 = inside.find(':') != std::string_view::npos && IpAddress::parse(inside);
    return v6 ? support::to_lower(inside) : std::string();
  }
  const bool valid = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alpha(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
  return valid ? support::to_lower(text) : std::string();
}

/// host[:port] into `origin`, whose scheme is set.
bool parse_authority(std::string_view text, Origin& origin) {
  if (text.find('@') != std::string_view::npos) return false;
  origin.port = default_port(origin.scheme);
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find(']', colon) == std::string_view::npos) {
    std::uint64_t port = 0;
    if (!support::parse_number(text.substr(colon + 1), 65535, port) || port == 0) return false;
    origin.port = static_cast<std::uint16_t>(port);
    text = text.substr(0, colon);
  }
  origin.host = parse_host(text);
  return !origin.host.empty();
}

/// RFC 3986, 5.2.4.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    if (path.starts_with("/./")) {
      path.remove_prefix(2);
    } else if (path == "/.") {
      path = "/";
    } else if (path.starts_with("/../") || path == "/..") {
      path = path == "/.." ? std::string_view("/") : path.substr(3);
      out.erase(std::min(out.rfind('/'), out.size()));
    } else {
      const std::size_t next = std::min(path.find('/', 1), path.size());
      out += path.substr(0, next);
      path.remove_prefix(next);
    }
  }
  return out;
}

void set_path_and_query(Url& url, std::string_view text) {
  const std::size_t question = std::min(text.find('?'), text.size());
  url.path = text.substr(0, question);
  url.query = question < text.size() ? text.substr(question + 1) : std::string_view();
}

}  // namespace

std::string Origin::authority() const {
  std::string out = host.find(':') == std::string::npos ? host : concat('[', host, ']');
  if (port != default_port(scheme)) out += concat(':', port);
  return out;
}

bool is_loopback(std::string_view host) {
  host = without_final_dot(host);
  if (support::equal_ignoring_case(host, "localhost") ||
      support::to_lower(host).ends_with(".localhost")) {
    return true;
  }
  const auto address = IpAddress::parse(host);
  return address && in_any(*address, {{"127.0.0.0", 104}, {"::1", 128}});
}

bool is_local_address(std::string_view host) {
  if (is_loopback(host)) return true;
  const auto address = IpAddress::parse(without_final_dot(host));
  return address &&
         in_any(*address, {{"0.0.0.0", 104}, {"169.254.0.0", 112}, {"fe80::", 10}, {"::", 128}});
}

bool is_private_address(std::string_view host) {
  const auto address = IpAddress::parse(without_final_dot(host));
  return address && in_any(*address, {{"10.0.0.0", 104},
                                      {"172.16.0.0", 108},
                                      {"192.168.0.0", 112},
                                      {"100.64.0.0", 106},
                                      {"fc00::", 7}});
}

std::optional<Url> Url::parse(std::string_view text) {
  if (has_forbidden_byte(text)) return {};
  Url url;
  url.origin.scheme = scheme_of(text);
  if (url.origin.scheme != "http" && url.origin.scheme != "https") return {};
  text.remove_prefix(url.origin.scheme.size() + 1);
  if (!text.starts_with("//")) return {};
  text.remove_prefix(2);
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  if (!parse_authority(text.substr(0, end), url.origin)) return {};
  set_path_and_query(url, text.substr(end));
  if (url.path.empty()) url.path = "/";
  return url;
}

std::optional<Url> Url::resolve(std::string_view reference) const {
  if (has_forbidden_byte(reference)) return {};
  std::optional<Url> url;
  if (!scheme_of(reference).empty()) {
    url = parse(reference);
  } else if (reference.starts_with("//")) {
    url = parse(concat(origin.scheme, ':', reference));
  } else {
    url = *this;
    reference = reference.substr(0, reference.find('#'));
    if (reference.empty()) return url;
    set_path_and_query(*url, reference);
    if (url->path.empty()) {
      url->path = path;
    } else if (!url->path.starts_with('/')) {
      url->path.insert(0, path.substr(0, path.rfind('/') + 1));
    }
  }
  if (url) url->path = remove_dot_segments(url->path);
  return url;
}

void Url::add_query(std::string_view name, std::string_view value) {
  if (!query.empty()) query += '&';
  query += concat(name, '=', percent_encode(value));
}

std::string Url::str() const {
  return concat(origin.scheme, "://", origin.authority(), path, query.empty() ? "" : "?", query);
}

std::string Url::redacted() const {
  return concat(origin.scheme, "://", origin.authority(), path, query.empty() ? "" : "?…");
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += concat('%', digits[byte >> 4U], digits[byte & 15U]);
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  const auto value_of = [](char c) {
    if (is_digit(c)) return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return {};
    const int high = value_of(text[i + 1]);
    const int low = value_of(text[i + 2]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace ocibuild::http
