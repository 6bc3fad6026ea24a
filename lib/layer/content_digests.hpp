// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <vector>

#include <ocibuild/digest.hpp>

#include "layer/file_set.hpp"

namespace ocibuild::layer {

/// The content digest of each file, in their order; empty for what has no content. What is not
/// known is computed, by several threads when that is much to read.
///
/// @throws what FileContent::digest() throws for the first file in order that cannot be read;
/// Error(Errc::interrupted)
std::vector<Digest> content_digests(const std::vector<LayerFile>& files, unsigned jobs,
                                    const std::stop_token& stop = {});

}  // namespace ocibuild::layer
