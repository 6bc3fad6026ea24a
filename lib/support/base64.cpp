// SPDX-License-Identifier: Apache-2.0
#include "support/base64.hpp"

#include <openssl/evp.h>

namespace ocibuild::support {

std::string encode_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the final NUL it writes
  const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string clean;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') clean += c;
  }
  while (clean.ends_with('=')) clean.pop_back();
  if (clean.size() % 4 == 1 || clean.find('=') != std::string::npos) return std::nullopt;
  const std::size_t padding = (4 - clean.size() % 4) % 4;
  clean.append(padding, '=');
  std::string out(clean.size() / 4 * 3, '\0');
  if (clean.empty()) return out;
  const int length = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                       reinterpret_cast<const unsigned char*>(clean.data()),
                                       static_cast<int>(clean.size()));
  if (length < 0) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

}  // namespace ocibuild::support
