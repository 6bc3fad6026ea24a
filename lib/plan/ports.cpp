// SPDX-License-Identifier: Apache-2.0
#include "plan/ports.hpp"

#include "support/text.hpp"

namespace ocibuild::plan {

using support::concat;
using support::quote;

namespace {
constexpr std::uint64_t largest_port = 65535;
}

std::optional<ExposedPorts> parse_ports(std::string_view text, std::string& wrong) {
  ExposedPorts out;
  const std::size_t slash = text.find('/');
  std::string protocol = "tcp";
  if (slash != std::string_view::npos && slash + 1 < text.size()) {
    protocol = support::to_lower(text.substr(slash + 1));
    out.has_capitals = protocol != text.substr(slash + 1);
  }
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    wrong = concat("the protocol ", quote(protocol), " is not tcp, udp or sctp");
    return std::nullopt;
  }
  std::string_view range = text.substr(0, slash);
  if (const std::size_t colon = range.rfind(':'); colon != std::string_view::npos) {
    out.has_host_part = true;
    range.remove_prefix(colon + 1);
  }
  const std::size_t dash = range.find('-');
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const bool numbers =
      support::parse_number(range.substr(0, dash), largest_port, first) &&
      support::parse_number(dash == std::string_view::npos ? range : range.substr(dash + 1),
                            largest_port, last);
  if (!numbers) {
    wrong = concat("a port is a number from 0 to ", largest_port);
    return std::nullopt;
  }
  if (first > last) {
    wrong = concat("the range begins at ", first, " and ends at ", last);
    return std::nullopt;
  }
  for (std::uint64_t port = first; port <= last; ++port) {
    out.ports.push_back(concat(port, '/', protocol));
  }
  return out;
}

}  // namespace ocibuild::plan
