// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "oci/entry.hpp"
#include "support/bytes.hpp"

namespace ocibuild::tar {

/// Writes a tar whose bytes depend on the entries alone: ustar headers, pax records only for values
/// that ustar cannot hold (docs/reference/image.md, 2).
///
/// Hand-made on purpose: these bytes are the identity of a layer, and must not follow the version
/// or the locale of a library. Entries are written in the order given. Not thread-safe.
class TarWriter {
public:
  /// `out` must outlive the writer.
  explicit TarWriter(support::ByteSink& out) : out_(out) {}

  /// Writes the header; for a regular file exactly entry.size bytes must follow by content().
  void begin(const oci::Entry& entry);
  void content(support::Bytes bytes);
  /// The same for the next `size` bytes, which somebody has put into `out` already.
  /// @throws as content() does
  void content_is_there(std::uint64_t size);
  /// Pads the content. @throws Error(Errc::failed, file-changed) naming the path when it was not
  /// entry.size bytes
  void end();

  /// In place of begin(): the header and the first `offset` bytes were written elsewhere.
  void resume(const oci::Entry& entry, std::uint64_t offset);
  /// content() of the whole of `source`.
  void content(support::ByteSource& source);
  /// Content bytes still to come.
  std::uint64_t left() const { return left_; }
  /// begin(), content(), end().
  void add(const oci::Entry& entry, support::ByteSource& source);

  /// Writes the two zero blocks that end a tar. Nothing may follow.
  void finish();

private:
  void pad();

  support::ByteSink& out_;
  std::string path_;
  std::uint64_t left_ = 0;
  std::uint64_t size_ = 0;
  std::vector<std::byte> buffer_{};
};

}  // namespace ocibuild::tar
