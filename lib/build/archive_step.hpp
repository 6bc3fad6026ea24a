// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "build/placement.hpp"
#include "tar/archive.hpp"

namespace ocibuild::engine {

/// Puts the members of an archive below the step's destination, as the engine unpacks it
/// (docs/reference/dockerfile.md, 9.3 to 9.6). `what` names the archive in errors.
/// @throws InTheWay, Error(Errc::failed, archive-link)
void unpack(const tar::Archive& archive, const std::string& what, Placement& placement);

}  // namespace ocibuild::engine
