// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::plan {

/// Ports of one word of EXPOSE (docs/reference/dockerfile.md, 13.5).
struct ExposedPorts {
  std::vector<std::string> ports;  ///< "80/tcp", one for each port of a range
  bool has_host_part = false;      ///< written "[ip:][host:]port", of which only the port counts
  bool has_capitals = false;       ///< in the protocol
};

/// Nothing when `text` is no port; then `wrong` says why.
std::optional<ExposedPorts> parse_ports(std::string_view text, std::string& wrong);

}  // namespace ocibuild::plan
