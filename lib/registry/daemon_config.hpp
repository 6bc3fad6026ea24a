// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/location.hpp"

namespace ocibuild::registry {

/// What Docker's daemon.json says of registries (docs/reference/registry.md, C3).
struct DaemonConfig {
  struct MirrorUrl {
    Location location;
    bool insecure = false;  ///< written with http://
  };
  std::vector<MirrorUrl> mirrors{};     ///< of docker.io
  std::vector<std::string> insecure{};  ///< HOST, HOST:PORT or a CIDR
};

/// @throws Error(Errc::usage, config-invalid) with file and position or key
DaemonConfig parse_daemon_config(std::string_view text, const std::string& file);

}  // namespace ocibuild::registry
