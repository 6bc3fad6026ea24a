// SPDX-License-Identifier: Apache-2.0
#include "oci/record.hpp"

#include <cassert>
#include <utility>

#include "oci/hasher.hpp"

namespace ocibuild::oci {

namespace {

constexpr std::size_t digest_size = 32;
constexpr std::string_view prefix = "sha256:";

unsigned nibble(char hex) {
  return static_cast<unsigned>(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

void append_raw(std::string& out, const Digest& digest) {
  const std::string_view hex = digest.hex();
  assert(hex.size() == 2 * digest_size);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out += static_cast<char>(nibble(hex[i]) << 4 | nibble(hex[i + 1]));
  }
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
  append_raw(bytes_, value);
}

std::string RecordWriter::finish() {
  append_raw(bytes_, sha256(std::string_view(bytes_)));
  return std::move(bytes_);
}

std::optional<RecordReader> RecordReader::open(std::string_view bytes, std::string_view magic) {
  if (bytes.size() < magic.size() + digest_size || !bytes.starts_with(magic)) return std::nullopt;
  const std::string_view body = bytes.substr(0, bytes.size() - digest_size);
  std::string sum;
  append_raw(sum, sha256(body));
  if (bytes.substr(body.size()) != sum) return std::nullopt;
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
  static constexpr char digits[] = "0123456789abcdef";
  const std::string_view raw = take(digest_size);
  if (raw.empty()) return {};
  std::string text(prefix);
  for (const char c : raw) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return Digest::parse(text);
}

}  // namespace ocibuild::oci
