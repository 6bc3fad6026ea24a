// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "compress/codec.hpp"
#include "support/bytes.hpp"

namespace ocibuild::compress {

/// Compresses a stream in independent chunks, in parallel, to the same bytes for any number of
/// threads (docs/reference/image.md, 3).
///
/// Memory: at most (2 * jobs + 2) chunks. write() blocks while that many are under way. Not
/// thread-safe.
class Compressor final : public support::ByteSink {
public:
  /// `out` must outlive the compressor and is written by the calling thread only. `jobs`: worker
  /// threads, at least 1.
  Compressor(Setting setting, support::ByteSink& out, unsigned jobs);
  ~Compressor() override;
  void write(support::Bytes bytes) override;
  /// Writes what is left and ends the stream. Call once.
  void finish();

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::compress
