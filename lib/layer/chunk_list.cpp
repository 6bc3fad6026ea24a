// SPDX-License-Identifier: Apache-2.0
#include "layer/chunk_list.hpp"

#include <numeric>

#include "oci/record.hpp"

namespace ocibuild::layer {

namespace {

constexpr std::string_view magic = "ocibuild chunk list 2\n";

}  // namespace

std::uint64_t ChunkList::packed_size() const {
  return std::accumulate(
      chunks.begin(), chunks.end(), std::uint64_t{0},
      [](std::uint64_t sum, const ListedChunk& chunk) { return sum + chunk.packed; });
}

std::string ChunkList::encode() const {
  oci::RecordWriter out(magic);
  out.number(chunks.size());
  for (const ListedChunk& chunk : chunks) {
    out.digest(chunk.key);
    out.number(chunk.tar);
    out.number(chunk.packed);
    out.number(chunk.tar_crc);
    out.number(chunk.packed_crc);
  }
  out.number(large_files.size());
  for (const ListedFile& file : large_files) {
    out.digest(oci::to_digest(file.content));
    out.number(file.pieces.size());
    for (const oci::RawSha256& piece : file.pieces) out.digest(oci::to_digest(piece));
  }
  for (const Checkpoint& checkpoint : checkpoints) {
    out.number(checkpoint.chunks);
    for (const std::uint32_t word : checkpoint.tar.words) out.number(word);
    out.number(checkpoint.tar.size);
    out.digest(checkpoint.packed);
  }
  return out.finish();
}

std::optional<ChunkList> ChunkList::decode(std::string_view bytes) {
  auto in = oci::RecordReader::open(bytes, magic);
  if (!in) return std::nullopt;
  ChunkList list;
  for (std::uint64_t left = in->number(); left > 0 && in->ok(); --left) {
    ListedChunk& chunk = list.chunks.emplace_back();
    chunk.key = in->digest();
    chunk.tar = in->number();
    chunk.packed = in->number();
    chunk.tar_crc = static_cast<std::uint32_t>(in->number());
    chunk.packed_crc = static_cast<std::uint32_t>(in->number());
  }
  for (std::uint64_t left = in->number(); left > 0 && in->ok(); --left) {
    ListedFile& file = list.large_files.emplace_back();
    file.content = oci::raw_sha256(in->digest());
    for (std::uint64_t more = in->number(); more > 0 && in->ok(); --more)
      file.pieces.push_back(oci::raw_sha256(in->digest()));
  }
  while (!in->at_end() && in->ok()) {
    Checkpoint& checkpoint = list.checkpoints.emplace_back();
    checkpoint.chunks = in->number();
    for (std::uint32_t& word : checkpoint.tar.words)
      word = static_cast<std::uint32_t>(in->number());
    checkpoint.tar.size = in->number();
    checkpoint.packed = in->digest();
  }
  if (!in->ok()) return std::nullopt;
  return list;
}

}  // namespace ocibuild::layer
