// SPDX-License-Identifier: Apache-2.0
#include "oci/record.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "oci/hasher.hpp"

namespace ocibuild::oci {

namespace {

constexpr std::size_t digest_size = std::tuple_size_v<RawSha256>;

std::string_view bytes_of(const RawSha256& raw) {
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

}  // namespace

void RecordWriter::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
}

void RecordWriter::text(std::string_view value) {
  number(value.size());
  bytes_ += value;
}

void RecordWriter::digest(const Digest& value) {
  bytes_ += bytes_of(raw_sha256(value));
}

std::string RecordWriter::finish() {
  const RawSha256 sum = raw_sha256(sha256(std::string_view(bytes_)));
  bytes_ += bytes_of(sum);
  return std::move(bytes_);
}

std::optional<RecordReader> RecordReader::open(std::string_view bytes, std::string_view magic) {
  if (bytes.size() < magic.size() + digest_size || !bytes.starts_with(magic)) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - digest_size);
  if (bytes.substr(body.size()) != bytes_of(raw_sha256(sha256(body)))) return std::nullopt;
  return RecordReader(body.substr(magic.size()));
}

std::string_view RecordReader::take(std::uint64_t size) {
  if (size > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint64_t RecordReader::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::string_view byte = take(1);
    if (byte.empty()) return 0;
    const auto bits = static_cast<unsigned char>(byte[0]);
    value |= static_cast<std::uint64_t>(bits & 0x7F) << shift;
    if (bits < 0x80) return value;
  }
  ok_ = false;
  return 0;
}

std::string_view RecordReader::text() {
  return take(number());
}

Digest RecordReader::digest() {
  const std::string_view bytes = take(digest_size);
  if (bytes.empty()) return {};
  RawSha256 raw{};
  std::copy(bytes.begin(), bytes.end(), raw.begin());
  return to_digest(raw);
}

}  // namespace ocibuild::oci
