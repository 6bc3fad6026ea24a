// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/digest.hpp>

#include <algorithm>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild {

Digest Digest::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  const std::size_t length = algorithm == "sha256" ? 64 : algorithm == "sha512" ? 128 : 0;
  if (length == 0) {
    throw Error(Errc::usage, "digest-invalid",
                support::concat(support::quote(text),
                                " is no digest: the algorithm must be sha256 or sha512"));
  }
  const bool is_hex = std::all_of(hex.begin(), hex.end(), [](char c) {
    return support::is_digit(c) || (c >= 'a' && c <= 'f');
  });
  if (hex.size() != length || !is_hex) {
    throw Error(Errc::usage, "digest-invalid",
                support::concat(support::quote(text), " is no digest: ", algorithm, " needs ",
                                length, " lower-case hexadecimal digits"));
  }
  Digest digest;
  digest.text_ = text;
  return digest;
}

std::string_view Digest::algorithm() const noexcept {
  return std::string_view(text_).substr(0, text_.find(':'));
}

std::string_view Digest::hex() const noexcept {
  const std::size_t colon = text_.find(':');
  return colon == std::string::npos ? std::string_view{}
                                    : std::string_view(text_).substr(colon + 1);
}

}  // namespace ocibuild
