// SPDX-License-Identifier: Apache-2.0
#include "layer/recompress.hpp"

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "compress/chunk_encoder.hpp"
#include "layer/spare.hpp"
#include "oci/hasher.hpp"
#include "support/stop.hpp"
#include "support/worker_pool.hpp"

namespace ocibuild::layer {

namespace {

using Buffer = std::vector<std::byte>;

constexpr std::size_t piece_size = 1 << 20;

/// One layer on its way.
class Recompressing {
public:
  Recompressing(support::ByteSource& tar, const compress::Setting& setting, ChunkWorkers& workers,
                support::ByteSink& out, const std::stop_token& stop)
      : tar_(tar), setting_(setting), workers_(workers), out_(out), stop_(stop) {}

  LayerDigests run() {
    if (setting_.codec == compress::Codec::none) {
      copy();
    } else {
      compress();
    }
    return {.diff_id = DiffId(diff_id_.finish()),
            .digest = digest_.finish(),
            .size = digest_.size(),
            .unpacked = diff_id_.size()};
  }

private:
  void copy() {
    for (Buffer piece = read(); !piece.empty(); piece = read()) {
      write(piece);
      spare_buffers_.give(std::move(piece));
    }
  }

  /// The workers compress what was read while more is read here. Of an empty tar there is one
  /// piece, too: nothing at all would be no stream of its kind.
  void compress() {
    RoomTaken room(workers_);
    support::OrderedTasks<Buffer> packed(workers_.pool());
    Buffer piece = read();
    bool is_more = true;
    do {
      while (is_more && room.take()) {
        packed.push([this, taken = std::make_shared<Buffer>(std::move(piece))] {
          return encode(std::move(*taken));
        });
        piece = read();
        is_more = !piece.empty();
      }
      Buffer next = packed.take();
      room.give();
      write(next);
      spare_buffers_.give(std::move(next));
    } while (is_more || packed.under_way() > 0);
  }

  /// The next piece of the tar, a full one unless it is the last; empty at the end.
  Buffer read() {
    support::throw_if_stopped(stop_);
    Buffer piece = spare_buffers_.take().value_or(Buffer());
    piece.resize(piece_size);
    std::size_t filled = 0;
    while (filled < piece.size()) {
      const std::size_t count = tar_.read(std::span(piece).subspan(filled));
      if (count == 0) break;
      filled += count;
    }
    piece.resize(filled);
    diff_id_.write(piece);
    return piece;
  }

  /// By any thread.
  Buffer encode(Buffer piece) {
    auto encoder = spare_encoders_.take().value_or(nullptr);
    if (!encoder) encoder = std::make_unique<compress::ChunkEncoder>(setting_);
    Buffer out = spare_buffers_.take().value_or(Buffer());
    encoder->encode(piece, out);
    spare_encoders_.give(std::move(encoder));
    spare_buffers_.give(std::move(piece));
    return out;
  }

  void write(support::Bytes bytes) {
    digest_.write(bytes);
    out_.write(bytes);
  }

  support::ByteSource& tar_;
  const compress::Setting& setting_;
  ChunkWorkers& workers_;
  support::ByteSink& out_;
  const std::stop_token& stop_;
  Spare<Buffer> spare_buffers_;
  Spare<std::unique_ptr<compress::ChunkEncoder>> spare_encoders_;
  oci::Hasher diff_id_;
  oci::Hasher digest_;
};

}  // namespace

LayerDigests recompress(support::ByteSource& tar, const compress::Setting& setting,
                        ChunkWorkers& workers, support::ByteSink& out,
                        const std::stop_token& stop) {
  return Recompressing(tar, setting, workers, out, stop).run();
}

}  // namespace ocibuild::layer
