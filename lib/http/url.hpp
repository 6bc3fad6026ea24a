// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ocibuild::http {

/// Who is talked to: credentials, certificates and limits belong to one of these and to no other
/// (docs/reference/registry.md, X1).
struct Origin {
  std::string scheme;      ///< "http" or "https"
  std::string host;        ///< lower case; IPv6 without brackets
  std::uint16_t port = 0;  ///< the default is filled in

  /// "ghcr.io", "localhost:5000", "[::1]:5000": as a user writes it, default ports left out.
  std::string authority() const;
  auto operator<=>(const Origin&) const = default;
};

/// localhost, *.localhost, 127.0.0.0/8, ::1; names are not resolved.
bool is_loopback(std::string_view host);
/// Literal addresses that nobody outside may send us to: link-local, unspecified, loopback (X10).
bool is_local_address(std::string_view host);
/// Literal addresses of private networks: 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7.
bool is_private_address(std::string_view host);

/// An absolute http or https URL. Path and query are kept byte for byte: signatures depend on them.
struct Url {
  Origin origin;
  std::string path = "/";  ///< begins with '/'
  std::string query{};     ///< behind '?', without it; may be empty

  /// Nothing for another scheme, userinfo, a bad host or port, control characters or blanks. A
  /// fragment is dropped.
  static std::optional<Url> parse(std::string_view text);
  /// `reference` against this URL (RFC 3986, 5.2), as for a Location.
  std::optional<Url> resolve(std::string_view reference) const;
  /// Appends `name=value`, the value percent-encoded.
  void add_query(std::string_view name, std::string_view value);
  std::string str() const;
  /// For messages: the query becomes "?…", because it may hold a signature.
  std::string redacted() const;
  bool operator==(const Url&) const = default;
};

/// Everything but letters, digits and `-._~` as %XX.
std::string percent_encode(std::string_view text);
/// Nothing for a bad %XX.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace ocibuild::http
