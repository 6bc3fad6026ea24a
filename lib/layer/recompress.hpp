// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "compress/codec.hpp"
#include "layer/chunk_workers.hpp"
#include "layer/layer_writer.hpp"
#include "support/bytes.hpp"

namespace ocibuild::layer {

/// Writes `tar` to `out` in another compression, cut into pieces of one size
/// (docs/reference/image.md, 3.9): the same tar gives the same bytes for any number of threads.
/// Memory is flat: what `workers` has room for.
/// @throws what `tar` and `out` throw; Errc::interrupted
LayerDigests recompress(support::ByteSource& tar, const compress::Setting& setting,
                        ChunkWorkers& workers, support::ByteSink& out,
                        const std::stop_token& stop = {});

}  // namespace ocibuild::layer
