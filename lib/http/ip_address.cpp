// SPDX-License-Identifier: Apache-2.0
#include "http/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace ocibuild::http {

namespace {
constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  IpAddress address;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, copy.c_str(), &v6) == 1) {
    std::memcpy(address.bytes.data(), &v6, address.bytes.size());
    return address;
  }
  in_addr v4{};
  // inet_aton takes an address with text after a blank; a host has none.
  if (copy.find_first_not_of("0123456789abcdefABCDEFxX.") != std::string::npos) return {};
  if (::inet_aton(copy.c_str(), &v4) == 0) return {};
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.bytes.begin());
  std::memcpy(address.bytes.data() + mapped_prefix.size(), &v4, sizeof(v4));
  return address;
}

bool IpAddress::is_v4() const {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes.begin());
}

bool IpAddress::in(const IpAddress& network, unsigned bits) const {
  for (std::size_t i = 0; i < bytes.size() && bits > 0; ++i) {
    const unsigned here = std::min(bits, 8U);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> here);
    if ((bytes[i] & mask) != (network.bytes[i] & mask)) return false;
    bits -= here;
  }
  return true;
}

}  // namespace ocibuild::http
