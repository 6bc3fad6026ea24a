// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/digest.hpp>

#include "compress/codec.hpp"
#include "layer/chunk_list.hpp"
#include "layer/chunk_workers.hpp"
#include "layer/content_digests.hpp"
#include "layer/earlier_layers.hpp"
#include "layer/file_set.hpp"
#include "support/bytes.hpp"

namespace ocibuild::layer {

struct LayerDigests {
  DiffId diff_id;
  Digest digest;
  std::uint64_t size = 0;      ///< compressed bytes
  std::uint64_t unpacked = 0;  ///< bytes of the tar
};

struct WrittenLayer {
  LayerDigests digests;
  ChunkList chunks;  ///< of the bytes written
};

/// Nothing that write_layer() throws for its callers' users: an earlier layer is not what its list
/// says, and part of it was written already. Write again without it.
struct EarlierLayerDamaged {};

/// How layers are written.
struct WriteOptions {
  compress::Setting setting;
  std::string setting_key;  ///< setting.key(), which is costly
};

/// What write_layer() would write, and copy from `earlier`, in bytes of the tar.
struct LayerForecast {
  std::uint64_t unpacked = 0;
  std::uint64_t copied = 0;
};
/// All of `contents` are known, unless `earlier` is empty.
LayerForecast forecast_layer(const std::vector<LayerFile>& files, ContentDigests& contents,
                             const WriteOptions& options, const EarlierLayers& earlier);

/// Writes one reproducible layer: the same files give the same bytes on every machine, for any
/// number of threads and whatever was taken from earlier layers.
///
/// chunk plan -> workers: files to tar to compressed chunk, or a chunk of `earlier` -> in order:
/// diff_id, digest, `out`. Memory is flat in the layer's size: what `workers` has room for.
/// `files`: sorted, from FileSet::finish(). Parent directories are not invented. `contents`: of
/// `files`; what they do not know is learnt from what is written, and so all are known afterwards.
/// @throws Error(Errc::failed, file-changed) naming a file that is not what it was;
/// Errc::interrupted; EarlierLayerDamaged
WrittenLayer write_layer(const std::vector<LayerFile>& files, ContentDigests& contents,
                         const WriteOptions& options, const EarlierLayers& earlier,
                         ChunkWorkers& workers, support::ByteSink& out,
                         const std::stop_token& stop = {});

}  // namespace ocibuild::layer
