// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include <ocibuild/error.hpp>

namespace ocibuild::support {

/// Calls `work`; an Error that leaves it gets the note "while: `what`". Used once by each layer
/// that knows something.
template <typename Work>
decltype(auto) with_context(const std::string& what, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (Error& error) {
    error.note("while: " + what);
    throw;
  }
}

}  // namespace ocibuild::support
