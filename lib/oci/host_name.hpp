// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ocibuild::oci {

/// True if the text before the first slash of an image name is meant as a host and not as the first
/// component of a path (docs/reference/registry.md, R2).
bool names_a_host(std::string_view first);

/// HOST[:PORT] by the grammar of R1: labels of letters, digits and inner '-', or an IPv6 address in
/// brackets without zone; port 1 to 65535.
bool is_host(std::string_view text);

/// An IPv4 or IPv6 address, without brackets, zone or port.
bool is_ip_address(std::string_view text);

}  // namespace ocibuild::oci
