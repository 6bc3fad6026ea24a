// SPDX-License-Identifier: Apache-2.0
#include "oci/host_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "support/text.hpp"

namespace ocibuild::oci {

namespace {

bool is_label(std::string_view text) {
  const auto alnum = [](char c) { return support::is_alpha(c) || support::is_digit(c); };
  return !text.empty() && alnum(text.front()) && alnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alnum(c) || c == '-'; });
}

bool is_address(int family, std::string_view text) {
  std::array<unsigned char, 16> address{};
  return text.find('\0') == std::string_view::npos &&
         ::inet_pton(family, std::string(text).c_str(), address.data()) == 1;
}

bool is_port(std::string_view text) {
  std::uint64_t port = 0;
  return text.size() <= 5 && support::parse_number(text, 65535, port) && port > 0;
}

}  // namespace

bool names_a_host(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
}

bool is_host(std::string_view text) {
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos || !is_address(AF_INET6, text.substr(1, bracket - 1)))
      return false;
    end = bracket + 1;
  } else {
    for (const std::string& label : support::split(text.substr(0, end), '.')) {
      if (!is_label(label)) return false;
    }
  }
  if (end >= text.size()) return true;
  return text[end] == ':' && is_port(text.substr(end + 1));
}

bool is_ip_address(std::string_view text) {
  return is_address(AF_INET, text) || is_address(AF_INET6, text);
}

}  // namespace ocibuild::oci
