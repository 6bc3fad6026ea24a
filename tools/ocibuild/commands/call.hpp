// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "commands/build_options.hpp"
#include "program.hpp"

namespace ocibuild::program {

/// What `build` does with a Dockerfile: BuildKit's --call (docs/reference/cli.md, 6.5 and 6.18).
struct Call {
  enum class What { build, check, outline, targets };
  What what = What::build;
  std::string format = "text";
};

/// What --call, or --check, asks for. @throws Error(Errc::usage)
Call wanted_call(const ParsedFlags& flags);

/// Answers one that is no build, on standard output. @throws Error
void answer(const Call& call, BuildOptions& options, Invocation& invocation);

}  // namespace ocibuild::program
