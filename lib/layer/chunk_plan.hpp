// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "layer/file_set.hpp"

namespace ocibuild::layer {

/// A run of the layer's tar that is compressed on its own: some whole files, or a piece of one
/// large file.
struct Chunk {
  std::size_t first = 0;  ///< files [first, last) of the layer
  std::size_t last = 0;
  /// The content of a large file that is in this chunk, with its header when `offset` is 0 and its
  /// padding when the piece is the last. No meaning for whole files.
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool is_piece = false;
  bool ends_layer = false;  ///< the zero blocks that end the tar follow

  bool operator==(const Chunk&) const = default;
};

/// Where to cut, told by paths and sizes alone (docs/reference/image.md, 3.2): no file is read, and
/// a file that is changed, added or removed moves no cut but those beside it. At least one chunk.
std::vector<Chunk> plan_chunks(const std::vector<LayerFile>& files);

/// Names the rule and its numbers, for keys of what depends on it.
extern const char* const chunk_rule;

}  // namespace ocibuild::layer
