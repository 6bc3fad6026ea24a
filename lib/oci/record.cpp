// SPDX-License-Identifier: Apache-2.0
#include "oci/record.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "oci/hasher.hpp"

namespace ocibuild::oci {

namespace {

constexpr std::size_t digest_size = std::tuple_size_v<RawSha256>;
constexpr std::string_view prefix = "sha256:";

unsigned nibble(char hex) {
  return static_cast<unsigned>(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

std::string_view bytes_of(const RawSha256& raw) {
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

}  // namespace

RawSha256 raw_sha256(const Digest& digest) {
  const std::string_view hex = digest.hex();
  RawSha256 raw{};
  assert(hex.size() == 2 * raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i)
    raw[i] = static_cast<unsigned char>(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
  return raw;
}

Digest to_digest(const RawSha256& raw) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(prefix.size() + 2 * raw.size());
  text = prefix;
  for (const unsigned char byte : raw) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return Digest::parse(text);
}

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
