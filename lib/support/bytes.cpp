// SPDX-License-Identifier: Apache-2.0
#include "support/bytes.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::support {

namespace {
constexpr std::size_t buffer_size = 128 * 1024;
}

std::size_t MemorySource::read(std::span<std::byte> buffer) {
  const std::size_t size = std::min(buffer.size(), rest_.size());
  if (size > 0) std::memcpy(buffer.data(), rest_.data(), size);
  rest_ = rest_.subspan(size);
  return size;
}

std::uint64_t copy(ByteSource& from, ByteSink& to) {
  std::vector<std::byte> buffer(buffer_size);
  std::uint64_t total = 0;
  while (const std::size_t size = from.read(buffer)) {
    to.write(Bytes(buffer).first(size));
    total += size;
  }
  return total;
}

std::string read_all(ByteSource& from, std::size_t limit, std::string_view what,
                     std::size_t expected) {
  std::string text;
  text.reserve(std::min(expected, limit));
  std::vector<std::byte> buffer(buffer_size);
  while (const std::size_t size = from.read(buffer)) {
    if (text.size() + size > limit) {
      throw Error(Errc::failed, "too-large", concat(what, " is larger than ", limit, " bytes"));
    }
    text.append(as_text(Bytes(buffer).first(size)));
  }
  return text;
}

}  // namespace ocibuild::support
