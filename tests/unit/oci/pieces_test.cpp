// SPDX-License-Identifier: Apache-2.0
#include "oci/pieces.hpp"

#include <string>
#include <vector>

#include "oci/hasher.hpp"
#include "support/catch.hpp"

using namespace ocibuild;

namespace {

Digest digest_of(const std::string& content) {
  support::MemorySource source{std::string_view(content)};
  return oci::content_digest(source);
}

}  // namespace

TEST_CASE("image.md 7.1: contents of up to 1 MiB are told by their SHA-256, larger ones by pieces",
          "[oci]") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{oci::piece_size}}) {
    const std::string content(size, 'x');
    CHECK(digest_of(content) == oci::sha256(std::string_view(content)));
    CHECK_FALSE(oci::has_pieces(size));
  }
  for (const std::size_t more : {std::size_t{1}, std::size_t{oci::piece_size}}) {
    const std::string first(oci::piece_size, 'x');
    const std::string second(more, 'y');
    const std::vector<oci::RawSha256> pieces{
        oci::raw_sha256(oci::sha256(std::string_view(first))),
        oci::raw_sha256(oci::sha256(std::string_view(second)))};
    CHECK(digest_of(first + second) == oci::to_digest(oci::digest_of_pieces(pieces)));
    CHECK(oci::has_pieces(oci::piece_size + more));
    CHECK(oci::piece_count(oci::piece_size + more) == 2);
    CHECK_FALSE(digest_of(first + second) == digest_of(second + first));
  }
}
