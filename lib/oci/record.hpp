// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <ocibuild/digest.hpp>

#include "oci/raw_sha256.hpp"

/// Compact binary files that a cache writes and reads back: a magic text with the format's version,
/// fields without names, and the SHA-256 of it all, so that damage is seen before a field is used.
namespace ocibuild::oci {

class RecordWriter {
public:
  /// `room`: about how many bytes will be written, for large records.
  explicit RecordWriter(std::string_view magic, std::size_t room = 0) {
    bytes_.reserve(room);
    bytes_ += magic;
  }
  /// In as few bytes as the number needs. Negative numbers are cast and come back by casting.
  void number(std::uint64_t value);
  void text(std::string_view value);
  /// A SHA-256, in 32 bytes.
  void digest(const Digest& value);
  std::size_t size() const { return bytes_.size(); }
  /// The whole record; call once.
  std::string finish();
  /// What was written, without a checksum: for a text of another record. RecordReader::part()
  /// reads it.
  std::string fields() && { return std::move(bytes_); }

private:
  std::string bytes_;
};

/// Reads what RecordWriter wrote. A field that is not there gives zero or nothing and makes ok()
/// false: check it at the end of each loop.
class RecordReader {
public:
  /// Nothing unless `bytes` (which must outlive the reader) are undamaged and begin with `magic`.
  static std::optional<RecordReader> open(std::string_view bytes, std::string_view magic);
  /// Of fields in a text of a record that was opened.
  static RecordReader part(std::string_view fields) { return RecordReader(fields); }

  std::uint64_t number();
  std::string_view text();
  Digest digest();
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

private:
  explicit RecordReader(std::string_view rest) : rest_(rest) {}
  std::string_view take(std::uint64_t size);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace ocibuild::oci
