// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "dockerfile/findings.hpp"
#include "dockerfile/instruction.hpp"

/// The values of RUN's list flags: CSV of `key[=value]` (docs/reference/dockerfile.md, 13.15).
/// Nothing is mounted; they are read for their mistakes and for the stages they name.
namespace ocibuild::dockerfile {

/// Reads one `--mount`; its `from=`, and what it takes from whoever builds, are appended to `run`.
/// False, and an error, when it is wrong. A value with a variable is not looked into, because only
/// an execution would expand it.
bool read_mount(const Word& mount, Run& run, Findings& findings);

/// Checks one `--device`. False, and an error, when it is wrong.
bool check_device(const Word& device, Findings& findings);

}  // namespace ocibuild::dockerfile
