// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL's own functions for SHA-2 are deprecated in favour of its EVP interface, which looks a
// digest up in a provider for each stream and shows no midstate. They are the same code below.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "oci/hasher.hpp"

#include <algorithm>
#include <cassert>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::oci {

namespace {

constexpr std::size_t block_size = SHA256_CBLOCK;

void update(SHA256_CTX& context, support::Bytes bytes) {
  ::SHA256_Update(&context, bytes.data(), bytes.size());
}
void update(SHA512_CTX& context, support::Bytes bytes) {
  ::SHA512_Update(&context, bytes.data(), bytes.size());
}

template <std::size_t N>
Digest to_digest(std::string_view algorithm, const std::array<unsigned char, N>& raw) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = support::concat(algorithm, ':');
  text.reserve(text.size() + 2 * N);
  for (const unsigned char byte : raw) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return Digest::parse(text);
}

Digest digest_of(SHA256_CTX context) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> raw{};
  ::SHA256_Final(raw.data(), &context);
  return to_digest("sha256", raw);
}
Digest digest_of(SHA512_CTX context) {
  std::array<unsigned char, SHA512_DIGEST_LENGTH> raw{};
  ::SHA512_Final(raw.data(), &context);
  return to_digest("sha512", raw);
}

}  // namespace

Hasher::Hasher(std::string_view algorithm) {
  if (algorithm == "sha512") {
    ::SHA512_Init(&context_.emplace<SHA512_CTX>());
  } else {
    ::SHA256_Init(&std::get<SHA256_CTX>(context_));
  }
}

Hasher::Hasher(const Midstate& state) : Hasher() {
  assert(state.size % block_size == 0);
  auto& context = std::get<SHA256_CTX>(context_);
  std::copy(state.words.begin(), state.words.end(), context.h);
  context.Nl = static_cast<SHA_LONG>(state.size << 3);
  context.Nh = static_cast<SHA_LONG>(state.size >> 29);
  size_ = state.size;
}

void Hasher::write(support::Bytes bytes) {
  std::visit([&](auto& context) { update(context, bytes); }, context_);
  size_ += bytes.size();
}

Midstate Hasher::midstate() const {
  assert(size_ % block_size == 0);
  Midstate state{.size = size_};
  const auto& context = std::get<SHA256_CTX>(context_);
  std::copy(std::begin(context.h), std::end(context.h), state.words.begin());
  return state;
}

Digest Hasher::so_far() const {
  return std::visit([](const auto& context) { return digest_of(context); }, context_);
}

Digest sha256(support::Bytes bytes) {
  Hasher hasher;
  hasher.write(bytes);
  return hasher.finish();
}

Digest sha256(std::string_view text) {
  Hasher hasher;
  hasher.write(support::as_bytes(text));
  return hasher.finish();
}

Digest sha256(support::ByteSource& source) {
  Hasher hasher;
  support::copy(source, hasher);
  return hasher.finish();
}

VerifyingSource::VerifyingSource(support::ByteSource& inner, const Digest& digest,
                                 std::uint64_t size, std::string what)
    : inner_(inner),
      expected_(digest),
      expected_size_(size),
      what_(std::move(what)),
      hasher_(digest.algorithm()) {}

std::size_t VerifyingSource::read(std::span<std::byte> buffer) {
  if (done_) return 0;
  const std::size_t size = inner_.read(buffer);
  hasher_.write(support::Bytes(buffer).first(size));
  if (hasher_.size() > expected_size_ || (size == 0 && hasher_.size() < expected_size_)) {
    throw Error(Errc::failed, "blob-corrupt",
                support::concat(what_, " has ", size == 0 ? "only " : "at least ", hasher_.size(),
                                " bytes instead of ", expected_size_));
  }
  if (size == 0) {
    done_ = true;
    const Digest actual = hasher_.finish();
    if (actual != expected_) {
      throw Error(
          Errc::failed, "blob-corrupt",
          support::concat(what_, " is corrupt: wanted ", expected_.str(), ", got ", actual.str()));
    }
  }
  return size;
}

}  // namespace ocibuild::oci
