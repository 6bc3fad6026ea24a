// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/image.hpp>

namespace ocibuild::oci {

/// True when an image for `has` is taken for `wanted`: the same system and architecture, and the
/// same variant where both name one.
bool serves(const Platform& has, const Platform& wanted);

}  // namespace ocibuild::oci
