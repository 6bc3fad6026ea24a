// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "build/step_place.hpp"
#include "layer/file_set.hpp"
#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// The directories a WORKDIR makes (docs/reference/dockerfile.md, 13.3); none when it exists.
layer::FileSet workdir_files(const plan::WorkdirStep& step, const StepPlace& place);

}  // namespace ocibuild::engine
