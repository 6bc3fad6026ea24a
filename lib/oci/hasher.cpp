// SPDX-License-Identifier: Apache-2.0
#include "oci/hasher.hpp"

#include <array>

#include <openssl/evp.h>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::oci {

namespace {
struct EvpFree {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
}  // namespace

struct Hasher::Context {
  std::unique_ptr<EVP_MD_CTX, EvpFree> evp{EVP_MD_CTX_new()};
};

Hasher::Hasher(std::string_view algorithm)
    : context_(std::make_unique<Context>()), algorithm_(algorithm) {
  const EVP_MD* md = algorithm == "sha512" ? EVP_sha512() : EVP_sha256();
  if (!context_->evp || EVP_DigestInit_ex(context_->evp.get(), md, nullptr) != 1) {
    throw Error(Errc::internal, "hash-unavailable", "OpenSSL offers no SHA-2");
  }
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::write(support::Bytes bytes) {
  EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size());
  size_ += bytes.size();
}

Digest Hasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context_->evp.get(), raw.data(), &size);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text = algorithm_ + ":";
  for (unsigned i = 0; i < size; ++i) {
    text += digits[raw[i] >> 4];
    text += digits[raw[i] & 15];
  }
  return Digest::parse(text);
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
