// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ocibuild::http {

/// A literal address; IPv4 is kept as ::ffff:a.b.c.d, so that both compare alike.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  /// IPv4 in every form that the system's resolver takes ("127.1", "0x7f000001"), because a check
  /// that reads fewer forms than the connection does is no check; IPv6 without brackets and zone.
  static std::optional<IpAddress> parse(std::string_view text);
  bool is_v4() const;
  /// True when the first `bits` bits agree.
  bool in(const IpAddress& network, unsigned bits) const;
  bool operator==(const IpAddress&) const = default;
};

}  // namespace ocibuild::http
