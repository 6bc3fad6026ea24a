// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/build.hpp>

#include "commands/build_options.hpp"
#include "program.hpp"

namespace ocibuild::program {

/// What --load does besides the store: the image goes to the container engine of this machine, if
/// there is one (docs/reference/cli.md, 5.6 to 5.8). That this does not work is an error if the
/// user has named the engine, else a warning. @throws Error
void load_into_engine(const BuildOptions& options, const BuildResult& result,
                      Invocation& invocation);

}  // namespace ocibuild::program
