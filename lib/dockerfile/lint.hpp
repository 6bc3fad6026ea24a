// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dockerfile/instruction.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::dockerfile {

/// The rules of docs/reference/dockerfile.md, 18, that only look at how a Dockerfile is written:
/// StageNameCasing, FromAsCasing, ReservedStageName, ConsistentInstructionCasing and
/// InvalidDefinitionDescription. They concern every stage, needed or not.
void lint(const Dockerfile& file, support::Diagnostics& diagnostics);

}  // namespace ocibuild::dockerfile
