// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <vector>

#include <ocibuild/rebuild.hpp>

#include "layer/file_set.hpp"
#include "rootfs/layer_index.hpp"

namespace ocibuild::engine {

/// What tells the files of a layer from those of an earlier one, by path; several causes of one
/// file stand together. Contents are read where all else is the same and nobody knows them; by
/// `jobs` threads when that is much.
std::vector<RebuildCause> file_differences(const rootfs::LayerIndex& before,
                                           const std::vector<layer::LayerFile>& after,
                                           unsigned jobs, const std::stop_token& stop);

}  // namespace ocibuild::engine
