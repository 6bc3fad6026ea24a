// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include <ocibuild/digest.hpp>

#include "support/bytes.hpp"

namespace ocibuild::oci {

/// SHA-256 (or SHA-512) over a stream. Not thread-safe.
class Hasher final : public support::ByteSink {
public:
  /// `algorithm`: "sha256" or "sha512".
  explicit Hasher(std::string_view algorithm = "sha256");
  Hasher(Hasher&&) noexcept;
  ~Hasher() override;

  void write(support::Bytes bytes) override;
  /// Bytes so far.
  std::uint64_t size() const { return size_; }
  /// Ends the stream; call once.
  Digest finish();

private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::string algorithm_;
  std::uint64_t size_ = 0;
};

Digest sha256(std::string_view text);

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
