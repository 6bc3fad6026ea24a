// SPDX-License-Identifier: Apache-2.0
#include "layer/chunk_maker.hpp"
#include "layer/layer_writer.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild::layer {

namespace {

class CountingSink final : public support::ByteSink {
public:
  void write(support::Bytes bytes) override { count += bytes.size(); }
  std::uint64_t count = 0;
};

std::uint64_t header_bytes(const oci::Entry& entry) {
  CountingSink sink;
  tar::TarWriter(sink).begin(entry);
  return sink.count;
}

std::uint64_t padded(std::uint64_t size) {
  constexpr std::uint64_t block = 512;
  return (size + block - 1) / block * block;
}

constexpr std::uint64_t end_of_tar = 1024;

/// As ChunkMaker makes it.
std::uint64_t tar_bytes(const Chunk& chunk, const std::vector<LayerFile>& files) {
  std::uint64_t bytes = chunk.ends_layer ? end_of_tar : 0;
  if (chunk.is_piece) {
    const oci::Entry& entry = files[chunk.first].entry;
    const bool is_last = chunk.offset + chunk.length == entry.size;
    if (chunk.offset == 0) bytes += header_bytes(entry);
    return bytes + (is_last ? padded(chunk.length) : chunk.length);
  }
  for (std::size_t i = chunk.first; i < chunk.last; ++i)
    bytes += header_bytes(files[i].entry) + padded(files[i].entry.size);
  return bytes;
}

}  // namespace

LayerForecast forecast_layer(const std::vector<LayerFile>& files, ContentDigests& contents,
                             const WriteOptions& options, const EarlierLayers& earlier) {
  const std::stop_token none;
  const LayerWork work{files, contents, options.setting, options.setting_key, earlier, none};
  earlier.tell_pieces(contents);
  LayerForecast out;
  for (const Chunk& chunk : plan_chunks(files)) {
    const std::uint64_t bytes = tar_bytes(chunk, files);
    out.unpacked += bytes;
    if (!earlier.empty() && earlier.find(chunk_key(chunk, work))) out.copied += bytes;
  }
  return out;
}

}  // namespace ocibuild::layer
