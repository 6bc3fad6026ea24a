// SPDX-License-Identifier: Apache-2.0
#include "layer/layer_writer.hpp"

#include <utility>

#include "compress/compressor.hpp"
#include "oci/hasher.hpp"
#include "support/stop.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild::layer {

namespace {

/// Lets a stop through between two reads of at most a buffer.
class StoppableSource final : public support::ByteSource {
public:
  StoppableSource(support::ByteSource& inner, const std::stop_token& stop)
      : inner_(inner), stop_(stop) {}
  std::size_t read(std::span<std::byte> buffer) override {
    support::throw_if_stopped(stop_);
    return inner_.read(buffer);
  }

private:
  support::ByteSource& inner_;
  const std::stop_token& stop_;
};

void write_file(tar::TarWriter& writer, const LayerFile& file, const std::stop_token& stop) {
  support::throw_if_stopped(stop);
  if (!file.content) {
    writer.begin(file.entry);
    writer.end();
    return;
  }
  const auto content = file.content->open();
  StoppableSource source(*content, stop);
  writer.add(file.entry, source);
}

}  // namespace

LayerDigests write_layer(const std::vector<LayerFile>& files, const compress::Setting& setting,
                         unsigned jobs, support::ByteSink& out, std::stop_token stop) {
  oci::Hasher digest;
  support::TeeSink stored(digest, out);
  compress::Compressor compressor(setting, stored, jobs);
  oci::Hasher diff_id;
  support::TeeSink unpacked(diff_id, compressor);
  tar::TarWriter writer(unpacked);
  for (const LayerFile& file : files) write_file(writer, file, stop);
  writer.finish();
  compressor.finish();
  return {.diff_id = DiffId(diff_id.finish()),
          .digest = digest.finish(),
          .size = digest.size(),
          .unpacked = diff_id.size()};
}

}  // namespace ocibuild::layer
