// SPDX-License-Identifier: Apache-2.0
#include "layer/chunk_maker.hpp"

#include <algorithm>
#include <utility>

#include <ocibuild/error.hpp>

#include "layer/description.hpp"
#include "oci/hasher.hpp"
#include "oci/pieces.hpp"
#include "support/stop.hpp"

namespace ocibuild::layer {

namespace {

using support::Buffer;

class BufferSink final : public support::ByteSink {
public:
  explicit BufferSink(Buffer& buffer) : buffer_(buffer) {}
  void write(support::Bytes bytes) override {
    buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }

private:
  Buffer& buffer_;
};

/// Reads the content of the file that `writer` is at to where it belongs, behind what is in `tar`.
void read_content(support::ByteSource& source, std::uint64_t size, tar::TarWriter& writer,
                  Buffer& tar) {
  const std::size_t begin = tar.size();
  tar.resize(begin + size);
  std::size_t end = begin;
  while (end < tar.size()) {
    const std::size_t more = source.read(std::span(tar).subspan(end));
    if (more == 0) break;
    end += more;
  }
  tar.resize(end);
  writer.content_is_there(end - begin);
  std::byte beyond{};
  if (source.read({&beyond, 1}) != 0) writer.content({&beyond, 1});  // throws unless it is its end
}

/// What the largest chunk of small files takes: memory that is not written to costs nothing, a
/// buffer that has to grow is cleared by the system once more.
constexpr std::size_t most_room = 3 << 20;

/// About what the chunk takes.
std::size_t room_of(const std::vector<LayerFile>& files, const Chunk& chunk) {
  constexpr std::uint64_t header = 1024;  // and padding
  std::uint64_t room = 2 * header + chunk.length;
  if (chunk.is_piece) return room;
  for (std::size_t i = chunk.first; i < chunk.last; ++i) room += header + files[i].entry.size;
  return room;
}

/// False when it is not there as the list says.
bool take_packed(const EarlierLayers::Place& place, std::vector<std::byte>& into) {
  into.resize(place.chunk.packed);
  support::FdRangeSource source(place.blob->get(), {}, place.offset, into.size());
  try {
    for (std::span<std::byte> rest(into); !rest.empty();) {
      const std::size_t size = source.read(rest);
      if (size == 0) return false;
      rest = rest.subspan(size);
    }
    give_back_memory_before(*place.blob, place.offset);
  } catch (const Error&) {
    return false;  // whatever is wrong there, the files are here
  }
  return compress::crc32(into) == place.chunk.packed_crc;
}

}  // namespace

Digest chunk_key(const Chunk& chunk, const LayerWork& layer) {
  if (chunk.is_piece) {
    const auto pieces = layer.contents.pieces(chunk.first);
    return pieces.empty() ? Digest()
                          : piece_key(chunk, layer, pieces[chunk.offset / oci::piece_size]);
  }
  Description out("chunk", layer.setting_key);
  out.number(chunk.ends_layer ? 1 : 0);
  for (std::size_t i = chunk.first; i < chunk.last; ++i) {
    if (!layer.contents.is_known(i)) return {};
    out.file(layer.files[i].entry);
    out.content(layer.contents.find(i));
  }
  return out.finish();
}

Digest piece_key(const Chunk& chunk, const LayerWork& layer, const oci::RawSha256& piece) {
  Description out("piece", layer.setting_key);
  out.number(chunk.length);
  out.number(chunk.ends_layer ? 1 : 0);
  if (chunk.offset == 0) out.file(layer.files[chunk.first].entry);
  out.content(&piece);
  return out.finish();
}

void ChunkMaker::make(const Chunk& chunk, const Digest& key, MadeChunk& made) {
  support::throw_if_stopped(layer_.stop);
  made.key = key;
  auto known = layer_.earlier.find(key);
  bool taken = known && take_packed(*known, made.packed);
  if (taken && !is_plain(chunk) && unpack(made.packed, known->chunk.tar, made.tar)) {
    made.tar_crc = known->chunk.tar_crc;
    return;
  }
  make_tar(chunk, made);
  if (key.empty()) {
    made.key = chunk.is_piece ? piece_key(chunk, layer_, made.piece) : chunk_key(chunk, layer_);
    known = layer_.earlier.find(made.key);
    taken = known && take_packed(*known, made.packed);
  }
  // A file can be another one than its stat says; then the old chunk is not what was read.
  made.tar_crc = compress::crc32(made.tar);
  if (taken && made.tar.size() == known->chunk.tar && made.tar_crc == known->chunk.tar_crc) return;
  compress(made);
}

void ChunkMaker::compress(MadeChunk& made) {
  made.packed.clear();
  if (layer_.setting.codec == compress::Codec::none) return;
  made.packed.reserve(most_room);
  if (tools_.setting != layer_.setting) tools_.encoder.reset();
  tools_.setting = layer_.setting;
  if (!tools_.encoder) tools_.encoder.emplace(layer_.setting);
  tools_.encoder->encode(made.tar, made.packed);
}

/// True when the files are read faster than the chunk is uncompressed.
bool ChunkMaker::is_plain(const Chunk& chunk) const {
  return std::all_of(
      layer_.files.begin() + static_cast<std::ptrdiff_t>(chunk.first),
      layer_.files.begin() + static_cast<std::ptrdiff_t>(chunk.last),
      [](const LayerFile& file) { return !file.content || file.content->is_plain(); });
}

bool ChunkMaker::unpack(support::Bytes packed, std::uint64_t size, Buffer& tar) {
  tar.resize(size);
  if (!tools_.decoder) tools_.decoder.emplace();
  return tools_.decoder->decode(packed, tar);
}

void ChunkMaker::make_tar(const Chunk& chunk, MadeChunk& made) const {
  made.tar.clear();
  made.tar.reserve(std::max(room_of(layer_.files, chunk), most_room));
  BufferSink sink(made.tar);
  tar::TarWriter writer(sink);
  for (std::size_t i = chunk.first; i < chunk.last; ++i) {
    support::throw_if_stopped(layer_.stop);
    if (chunk.is_piece) {
      write_piece(writer, chunk, made);
    } else {
      write_file(writer, i, made);
    }
  }
  if (chunk.ends_layer) writer.finish();
}

void ChunkMaker::write_piece(tar::TarWriter& writer, const Chunk& chunk, MadeChunk& made) const {
  const LayerFile& file = layer_.files[chunk.first];
  if (chunk.offset == 0) {
    writer.begin(file.entry);
  } else {
    writer.resume(file.entry, chunk.offset);
  }
  const std::size_t begin = made.tar.size();
  read_content(*file.content->open_range(chunk.offset, chunk.length), chunk.length, writer,
               made.tar);
  if (layer_.contents.pieces(chunk.first).empty()) {
    const auto content = support::Bytes(made.tar).subspan(begin, chunk.length);
    made.piece = oci::raw_sha256(oci::sha256(content));
  }
  const std::uint64_t rest = file.entry.size - chunk.offset - chunk.length;
  if (rest == 0 || writer.left() != rest) writer.end();
}

void ChunkMaker::write_file(tar::TarWriter& writer, std::size_t number, MadeChunk& made) const {
  const LayerFile& file = layer_.files[number];
  writer.begin(file.entry);
  const std::size_t begin = made.tar.size();
  if (file.content) read_content(*file.content->open(), file.entry.size, writer, made.tar);
  const std::size_t size = made.tar.size() - begin;
  writer.end();
  if (!layer_.contents.is_known(number))
    layer_.contents.learn(number, oci::sha256(support::Bytes(made.tar).subspan(begin, size)));
}

}  // namespace ocibuild::layer
