// SPDX-License-Identifier: Apache-2.0
#include "layer/chunk_maker.hpp"

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

/// False when the file is shorter.
bool read_exactly(const support::Fd& fd, std::uint64_t offset, Buffer& into) {
  support::FdRangeSource source(fd.get(), {}, offset, into.size());
  for (std::span<std::byte> rest(into); !rest.empty();) {
    const std::size_t size = source.read(rest);
    if (size == 0) return false;
    rest = rest.subspan(size);
  }
  return true;
}

}  // namespace

ChunkMaker::ChunkMaker(const std::vector<LayerFile>& files, const compress::Setting& setting,
                       const std::stop_token& stop)
    : files_(files), setting_(setting), stop_(stop) {}

MadeChunk ChunkMaker::make(const Chunk& chunk, const std::optional<EarlierLayers::Place>& known) {
  support::throw_if_stopped(stop_);
  if (known) {
    if (auto restored = restore(*known)) return *std::move(restored);
  }
  MadeChunk made{.tar = make_tar(chunk), .packed = {}};
  if (setting_.codec == compress::Codec::none) return made;
  if (!encoder_) encoder_.emplace(setting_);
  made.packed = encoder_->encode(made.tar);
  return made;
}

std::optional<MadeChunk> ChunkMaker::restore(const EarlierLayers::Place& place) {
  MadeChunk made{.tar = Buffer(place.tar), .packed = Buffer(place.packed)};
  try {
    if (!read_exactly(*place.blob, place.offset, made.packed)) return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;  // whatever is wrong there, the files are here
  }
  if (!decoder_) decoder_.emplace();
  if (!decoder_->decode(made.packed, made.tar)) return std::nullopt;
  return made;
}

Buffer ChunkMaker::make_tar(const Chunk& chunk) const {
  Buffer tar;
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
  return tar;
}

}  // namespace ocibuild::layer
