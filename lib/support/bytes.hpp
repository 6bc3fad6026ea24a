// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ocibuild::support {

using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Takes a stream of bytes. write() takes all of them or throws.
class ByteSink {
public:
  virtual ~ByteSink() = default;
  virtual void write(Bytes bytes) = 0;
};

/// Gives a stream of bytes.
class ByteSource {
public:
  virtual ~ByteSource() = default;
  /// Fills the front of `buffer` (never empty) and returns how many bytes; fewer than asked is
  /// normal, 0 is the end.
  virtual std::size_t read(std::span<std::byte> buffer) = 0;
};

/// Reads from memory that the caller keeps alive.
class MemorySource final : public ByteSource {
public:
  explicit MemorySource(Bytes bytes) : rest_(bytes) {}
  explicit MemorySource(std::string_view text) : rest_(as_bytes(text)) {}
  std::size_t read(std::span<std::byte> buffer) override;

private:
  Bytes rest_;
};

class StringSink final : public ByteSink {
public:
  void write(Bytes bytes) override { text.append(as_text(bytes)); }
  std::string text;
};

/// Writes to two sinks, the first one first.
class TeeSink final : public ByteSink {
public:
  TeeSink(ByteSink& first, ByteSink& second) : first_(first), second_(second) {}
  void write(Bytes bytes) override {
    first_.write(bytes);
    second_.write(bytes);
  }

private:
  ByteSink& first_;
  ByteSink& second_;
};

/// Copies until the end and returns the number of bytes. Uses a fixed buffer of 128 KiB.
std::uint64_t copy(ByteSource& from, ByteSink& to);

/// Reads to the end. `expected`: about how many bytes that are.
/// @throws Error(Errc::failed, too-large) when there are more than `limit`
std::string read_all(ByteSource& from, std::size_t limit, std::string_view what,
                     std::size_t expected = 0);

}  // namespace ocibuild::support
