// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include <ocibuild/digest.hpp>

#include "compress/codec.hpp"
#include "layer/file_set.hpp"
#include "support/bytes.hpp"

namespace ocibuild::layer {

struct LayerDigests {
  DiffId diff_id;
  Digest digest;
  std::uint64_t size = 0;      ///< compressed bytes
  std::uint64_t unpacked = 0;  ///< bytes of the tar
};

/// Writes one reproducible layer: the same files give the same bytes on every machine, for any
/// number of threads.
///
/// tar -> tee(diff_id) -> compress -> tee(digest) -> out. Memory is flat in the layer's size.
/// `files`: sorted, from FileSet::finish(). Parent directories are not invented.
/// @throws Error(Errc::failed, file-changed) naming a file that is not what it was;
/// Errc::interrupted
LayerDigests write_layer(const std::vector<LayerFile>& files, const compress::Setting& setting,
                         unsigned jobs, support::ByteSink& out, std::stop_token stop = {});

}  // namespace ocibuild::layer
