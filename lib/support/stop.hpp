// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include <ocibuild/error.hpp>

namespace ocibuild::support {

/// @throws Error(Errc::interrupted) once `stop` was triggered. Called between pieces of work of at
/// most a megabyte.
inline void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(Errc::interrupted, "interrupted", "interrupted");
}

}  // namespace ocibuild::support
