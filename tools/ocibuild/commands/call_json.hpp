// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <ocibuild/check.hpp>

namespace ocibuild::program {

/// One object each, with BuildKit's keys and no others (docs/reference/cli.md, 6.20).
std::string targets_json(const TargetList& list);
std::string outline_json(const Outline& outline);

}  // namespace ocibuild::program
