// SPDX-License-Identifier: Apache-2.0
#include "plan/ports.hpp"

#include "oci/host_name.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using support::concat;
using support::quote;

namespace {

constexpr std::uint64_t largest_port = 65535;

struct PortRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool is_one() const { return first == last; }
};

/// "80" or "8000-8010".
std::optional<PortRange> parse_range(std::string_view text, std::string& wrong) {
  PortRange out;
  const std::size_t dash = text.find('-');
  const std::string_view last = dash == std::string_view::npos ? text : text.substr(dash + 1);
  if (!support::parse_number(text.substr(0, dash), largest_port, out.first) ||
      !support::parse_number(last, largest_port, out.last)) {
    wrong = concat("a port is a number from 0 to ", largest_port);
    return std::nullopt;
  }
  if (out.first > out.last) {
    wrong = concat("the range begins at ", out.first, " and ends at ", out.last);
    return std::nullopt;
  }
  return out;
}

/// "[ip:][host]", which has no effect: what is wrong with it, or nothing.
std::string wrong_host_part(std::string_view text, const PortRange& exposed) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    std::string_view address = text.substr(0, colon);
    if (address.starts_with('[') && address.ends_with(']'))
      address = address.substr(1, address.size() - 2);
    if (colon > 0 && !oci::is_ip_address(address)) return concat(quote(address), " is no address");
    text.remove_prefix(colon + 1);
  }
  if (text.empty()) return {};
  std::string wrong;
  const auto host = parse_range(text, wrong);
  if (!host) return concat("before the \":\", ", wrong);
  // One port may be given any of a range.
  if (exposed.is_one() || host->last - host->first == exposed.last - exposed.first) return {};
  return "the two ranges differ in length";
}

}  // namespace

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
  std::string_view words = text.substr(0, slash);
  std::string_view host_part;
  if (const std::size_t colon = words.rfind(':'); colon != std::string_view::npos) {
    host_part = words.substr(0, colon);
    out.has_host_part = !host_part.empty();
    words.remove_prefix(colon + 1);
  }
  const auto range = parse_range(words, wrong);
  if (!range) return std::nullopt;
  if (auto why = wrong_host_part(host_part, *range); !why.empty()) {
    wrong = std::move(why);
    return std::nullopt;
  }
  for (std::uint64_t port = range->first; port <= range->last; ++port) {
    out.ports.push_back(concat(port, '/', protocol));
  }
  return out;
}

}  // namespace ocibuild::plan
