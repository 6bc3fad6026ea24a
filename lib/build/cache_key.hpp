// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <ocibuild/digest.hpp>

#include "compress/codec.hpp"
#include "layer/file_set.hpp"

namespace ocibuild::engine {

/// Identity of a layer before it is made: a hash over everything its bytes depend on, and nothing
/// else (docs/reference/image.md 7.1). Asks every file for its content digest.
Digest layer_key(const std::vector<layer::LayerFile>& files, const compress::Setting& setting);

}  // namespace ocibuild::engine
