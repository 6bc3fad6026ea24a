// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::engine {

/// What a container engine answered to a load.
struct EngineWords {
  std::vector<std::string> said;     ///< lines for the user
  std::optional<std::string> error;  ///< why it failed, though the status may be 200
};

/// `body`: JSON objects, one after the other, of Docker's or podman's API; what is none of them is
/// passed over. Control characters are escaped.
EngineWords parse_engine_words(std::string_view body);

}  // namespace ocibuild::engine
