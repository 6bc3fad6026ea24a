// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "plan/build_plan.hpp"

namespace ocibuild::plan {

/// Evaluates the instructions of one stage against the state it starts with. Pure: reads no file.
/// Mistakes that show only after expansion go to `diagnostics` (and the instruction is left out),
/// warnings too.
EvaluatedStage evaluate(const dockerfile::Dockerfile& file, const StageGraph& graph,
                        std::size_t stage, const StageStart& start, const PlanInputs& inputs,
                        support::Diagnostics& diagnostics);

}  // namespace ocibuild::plan
