// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <utility>

#include <ocibuild/export.hpp>

namespace ocibuild {

/// Identity of stored bytes, "algorithm:hex" (image-spec descriptor.md, Digests). sha256 and sha512
/// only.
class OCIBUILD_API Digest {
public:
  Digest() = default;  ///< empty; only a place to assign to
  /// @throws Error(Errc::usage, digest-invalid) unless it is sha256 or sha512 with lower-case hex
  /// of the right length
  static Digest parse(std::string_view text);

  const std::string& str() const noexcept { return text_; }
  std::string_view algorithm() const noexcept;
  std::string_view hex() const noexcept;
  bool empty() const noexcept { return text_.empty(); }
  auto operator<=>(const Digest&) const = default;

private:
  std::string text_;
};

/// Identity of a layer's uncompressed tar (image-spec config.md, Layer DiffID). A type of its own,
/// because mixing it up with the digest of the compressed blob is the classic mistake.
class OCIBUILD_API DiffId {
public:
  DiffId() = default;
  explicit DiffId(Digest of_uncompressed_tar) : digest_(std::move(of_uncompressed_tar)) {}
  const Digest& digest() const noexcept { return digest_; }
  const std::string& str() const noexcept { return digest_.str(); }
  bool empty() const noexcept { return digest_.empty(); }
  auto operator<=>(const DiffId&) const = default;

private:
  Digest digest_;
};

}  // namespace ocibuild
