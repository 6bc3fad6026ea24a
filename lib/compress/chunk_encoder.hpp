// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "compress/codec.hpp"
#include "support/bytes.hpp"

namespace ocibuild::compress {

/// Compresses one chunk at a time to complete gzip members or a zstd frame. For gzip, what has
/// nothing to compress is stored in a member of its own (docs/reference/image.md, 3.8). Not
/// thread-safe; each worker has its own.
class ChunkEncoder {
public:
  /// `setting.codec` is not `none`.
  explicit ChunkEncoder(const Setting& setting);
  ~ChunkEncoder();
  /// The bytes depend on `chunk` and the setting alone, not on earlier chunks. `out`: replaced.
  void encode(support::Bytes chunk, std::vector<std::byte>& out);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::compress
