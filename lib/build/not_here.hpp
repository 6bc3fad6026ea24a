// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace ocibuild::engine {

/// Thrown where a build that is only planned would have to fetch something to go on. What depends
/// on it stays unknown.
struct NotHere {
  std::string what;  ///< "layers of alpine:3.20"
};

}  // namespace ocibuild::engine
