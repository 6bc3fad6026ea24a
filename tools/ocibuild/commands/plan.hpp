// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <ocibuild/plan.hpp>

#include "commands/build_options.hpp"
#include "program.hpp"

namespace ocibuild::program {

/// `plan` and `build --dry-run`. Standard input was read.
void print_plan(const BuildOptions& options, Invocation& invocation);

/// Everything that would move, those of the build first.
using PlannedTransfers = std::vector<PlannedTransfer>;

/// A line for each image, layer and transfer (docs/reference/cli.md, 4.18).
std::string plan_json(const BuildPlan& plan, const PlannedTransfers& transfers);

}  // namespace ocibuild::program
