// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <variant>

#include <openssl/sha.h>

#include <ocibuild/digest.hpp>

#include "support/bytes.hpp"

namespace ocibuild::oci {

/// Where a SHA-256 stands after `size` bytes, a multiple of 64: enough to go on from there without
/// the bytes.
struct Midstate {
  std::array<std::uint32_t, 8> words{};
  std::uint64_t size = 0;
  bool operator==(const Midstate&) const = default;
};

/// SHA-256 (or SHA-512) over a stream. A copy goes on by itself. Not thread-safe.
class Hasher final : public support::ByteSink {
public:
  /// `algorithm`: "sha256" or "sha512".
  explicit Hasher(std::string_view algorithm = "sha256");
  /// Goes on with a SHA-256.
  explicit Hasher(const Midstate& state);

  void write(support::Bytes bytes) override;
  /// Bytes so far.
  std::uint64_t size() const { return size_; }
  /// Of a SHA-256 whose size() is a multiple of 64.
  Midstate midstate() const;
  /// Digest of the bytes so far; the stream may go on.
  Digest so_far() const;
  /// Ends the stream; call once.
  Digest finish() { return so_far(); }

private:
  std::variant<SHA256_CTX, SHA512_CTX> context_;
  std::uint64_t size_ = 0;
};

Digest sha256(std::string_view text);
Digest sha256(support::Bytes bytes);

/// Reads to the end. @return digest by SHA-256
Digest sha256(support::ByteSource& source);

/// Passes bytes on and checks them against a descriptor's digest and size.
class VerifyingSource final : public support::ByteSource {
public:
  /// `inner` must outlive this. The last read throws Error(Errc::failed, blob-corrupt) with both
  /// digests and `what` when bytes or size differ; more than `size` bytes throw at once.
  VerifyingSource(support::ByteSource& inner, const Digest& digest, std::uint64_t size,
                  std::string what);
  std::size_t read(std::span<std::byte> buffer) override;

private:
  support::ByteSource& inner_;
  Digest expected_;
  std::uint64_t expected_size_;
  std::string what_;
  Hasher hasher_;
  bool done_ = false;
};

}  // namespace ocibuild::oci
