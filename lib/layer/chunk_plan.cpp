// SPDX-License-Identifier: Apache-2.0
#include "layer/chunk_plan.hpp"

#include <algorithm>
#include <string_view>

#include "oci/pieces.hpp"

namespace ocibuild::layer {

namespace {

// docs/reference/image.md, 3.2: the numbers behind the choice. A change needs a new chunk_rule.
constexpr std::uint64_t mean_size = 768 * 1024;  // between cuts, beyond the smallest size
constexpr std::uint64_t smallest_size = 256 * 1024;
constexpr std::uint64_t largest_size = 2 << 20;

/// FNV-1a with a last mixing, so that every bit of the path counts in the upper ones.
std::uint64_t hash_of(std::string_view path) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash ^= hash >> 32;
  return hash * 0x9E3779B97F4A7C15ULL;
}

/// About what the file takes in the tar.
std::uint64_t room_of(const oci::Entry& entry) {
  constexpr std::uint64_t block = 512;
  return block +
         (entry.type == oci::EntryType::regular ? (entry.size + block - 1) / block * block : 0);
}

/// True for one file in `mean_size` bytes of files like this one.
bool is_cut_before(const oci::Entry& entry, std::uint64_t room) {
  const std::uint64_t one_in = std::max<std::uint64_t>(1, mean_size / room);
  return hash_of(entry.path.str()) < UINT64_MAX / one_in;
}

class Planner {
public:
  explicit Planner(const std::vector<LayerFile>& files) : files_(files) {}

  std::vector<Chunk> run() {
    for (at_ = 0; at_ < files_.size(); ++at_) add(files_[at_].entry);
    cut();
    if (chunks_.empty()) chunks_.emplace_back();
    chunks_.back().ends_layer = true;
    return std::move(chunks_);
  }

private:
  void add(const oci::Entry& entry) {
    const std::uint64_t room = room_of(entry);
    if (entry.type == oci::EntryType::regular && oci::has_pieces(entry.size))
      return add_pieces(entry.size);
    if (room_ + room > largest_size || (room_ >= smallest_size && is_cut_before(entry, room)))
      cut();
    room_ += room;
  }

  void add_pieces(std::uint64_t size) {
    cut();
    for (std::uint64_t offset = 0; offset < size; offset += oci::piece_size) {
      chunks_.push_back({.first = at_,
                         .last = at_ + 1,
                         .offset = offset,
                         .length = std::min(oci::piece_size, size - offset),
                         .is_piece = true});
    }
    first_ = at_ + 1;
  }

  /// Ends the chunk of whole files before the current one.
  void cut() {
    if (first_ < at_) chunks_.push_back({.first = first_, .last = at_});
    first_ = at_;
    room_ = 0;
  }

  const std::vector<LayerFile>& files_;
  std::vector<Chunk> chunks_;
  std::size_t at_ = 0;
  std::size_t first_ = 0;   // of the chunk that is being filled
  std::uint64_t room_ = 0;  // of its files
};

}  // namespace

const char* const chunk_rule = "paths-256k-768k-2m-pieces-1m";

std::vector<Chunk> plan_chunks(const std::vector<LayerFile>& files) {
  return Planner(files).run();
}

}  // namespace ocibuild::layer
