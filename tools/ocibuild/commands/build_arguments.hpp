// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "flags.hpp"
#include "io.hpp"

namespace ocibuild::program {

/// Values for ARGs: of --build-arg-file, over which those of --build-arg go. A name alone has its
/// value from the environment, or none. @throws Error(Errc::usage)
std::map<std::string, std::string> build_arguments(const ParsedFlags& flags, const Io& io);

}  // namespace ocibuild::program
