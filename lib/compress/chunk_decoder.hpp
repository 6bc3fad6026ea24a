// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "support/bytes.hpp"

namespace ocibuild::compress {

/// Takes back what ChunkEncoder made. Not thread-safe; each worker has its own.
class ChunkDecoder {
public:
  ChunkDecoder();
  ~ChunkDecoder();
  /// Uncompresses gzip members or one zstd frame. False unless it is undamaged and fills `into`
  /// exactly.
  bool decode(support::Bytes packed, std::span<std::byte> into);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::compress
