// SPDX-License-Identifier: Apache-2.0
#include "layer/chunk_maker.hpp"

#include <algorithm>
#include <utility>

#include <ocibuild/error.hpp>

#include "support/stop.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild::layer {

namespace {

using Buffer = std::vector<std::byte>;

class BufferSink final : public support::ByteSink {
public:
  explicit BufferSink(Buffer& buffer) : buffer_(buffer) {}
  void write(support::Bytes bytes) override {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }

private:
  Buffer& buffer_;
};

/// About what the chunk takes.
std::size_t room_of(const std::vector<LayerFile>& files, const Chunk& chunk) {
  constexpr std::uint64_t header = 1024;  // and padding
  std::uint64_t room = 2 * header + chunk.length;
  if (chunk.is_piece) return room;
  for (std::size_t i = chunk.first; i < chunk.last; ++i) room += header + files[i].entry.size;
  return room;
}

void write_file(tar::TarWriter& writer, const LayerFile& file) {
  writer.begin(file.entry);
  if (file.content) writer.content(*file.content->open());
  writer.end();
}

void write_piece(tar::TarWriter& writer, const LayerFile& file, const Chunk& chunk) {
  if (chunk.offset == 0) {
    writer.begin(file.entry);
  } else {
    writer.resume(file.entry, chunk.offset);
  }
  writer.content(*file.content->open_range(chunk.offset, chunk.length));
  const std::uint64_t rest = file.entry.size - chunk.offset - chunk.length;
  if (rest == 0 || writer.left() != rest) writer.end();
}

/// False when it is not there as the list says.
bool take_packed(const EarlierLayers::Place& place, Buffer& into) {
  into.resize(place.chunk.packed);
  support::FdRangeSource source(place.blob->get(), {}, place.offset, into.size());
  try {
    for (std::span<std::byte> rest(into); !rest.empty();) {
      const std::size_t size = source.read(rest);
      if (size == 0) return false;
      rest = rest.subspan(size);
    }
  } catch (const Error&) {
    return false;  // whatever is wrong there, the files are here
  }
  return compress::crc32(into) == place.chunk.packed_crc;
}

}  // namespace

ChunkMaker::ChunkMaker(const std::vector<LayerFile>& files, const compress::Setting& setting,
                       const std::stop_token& stop)
    : files_(files), setting_(setting), stop_(stop) {}

void ChunkMaker::make(const Chunk& chunk, const std::optional<EarlierLayers::Place>& known,
                      MadeChunk& made) {
  support::throw_if_stopped(stop_);
  const bool taken = known && take_packed(*known, made.packed);
  if (taken && !is_plain(chunk) && unpack(made.packed, known->chunk.tar, made.tar)) {
    made.tar_crc = known->chunk.tar_crc;
    return;
  }
  make_tar(chunk, made.tar);
  // A file can be another one than its stat says; then the old chunk is not what was read.
  made.tar_crc = compress::crc32(made.tar);
  if (taken && made.tar.size() == known->chunk.tar && made.tar_crc == known->chunk.tar_crc) return;
  made.packed.clear();
  if (setting_.codec == compress::Codec::none) return;
  if (!encoder_) encoder_.emplace(setting_);
  encoder_->encode(made.tar, made.packed);
}

/// True when the files are read faster than the chunk is uncompressed.
bool ChunkMaker::is_plain(const Chunk& chunk) const {
  return std::all_of(
      files_.begin() + static_cast<std::ptrdiff_t>(chunk.first),
      files_.begin() + static_cast<std::ptrdiff_t>(chunk.last),
      [](const LayerFile& file) { return !file.content || file.content->is_plain(); });
}

bool ChunkMaker::unpack(support::Bytes packed, std::uint64_t size, Buffer& tar) {
  tar.resize(size);
  if (!decoder_) decoder_.emplace();
  return decoder_->decode(packed, tar);
}

void ChunkMaker::make_tar(const Chunk& chunk, Buffer& tar) const {
  tar.clear();
  tar.reserve(room_of(files_, chunk));
  BufferSink sink(tar);
  tar::TarWriter writer(sink);
  for (std::size_t i = chunk.first; i < chunk.last; ++i) {
    support::throw_if_stopped(stop_);
    if (chunk.is_piece) {
      write_piece(writer, files_[i], chunk);
    } else {
      write_file(writer, files_[i]);
    }
  }
  if (chunk.ends_layer) writer.finish();
}

}  // namespace ocibuild::layer
