// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "flags.hpp"
#include "io.hpp"

namespace ocibuild::program {

/// Refuses values of network flags that no registry could be reached with, before anything is done
/// and whether or not the network is needed: files that are not there, and addresses that are none.
/// @throws Error(Errc::usage) naming the flag, variable or place in a file
void check_network_flags(const ParsedFlags& flags, const Io& io);

}  // namespace ocibuild::program
