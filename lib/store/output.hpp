// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include <ocibuild/transfer.hpp>

#include "support/bytes.hpp"

namespace ocibuild::store {

/// Calls `write` with a sink for `destination`: a new file that appears by rename, what is there
/// when that is a pipe or a device, which must not be replaced, or the open descriptor.
/// @throws Error(Errc::failed, output-is-directory), and for what cannot be written
void write_output(const Endpoint& destination,
                  const std::function<void(support::ByteSink&)>& write);

}  // namespace ocibuild::store
