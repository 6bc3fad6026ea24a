// SPDX-License-Identifier: Apache-2.0
// A layer blob in gzip, zstd or as it is.
#include <string>
#include <vector>

#include "compress/decompressor.hpp"
#include "fuzz.hpp"
#include "support/packed.hpp"

namespace {

using namespace ocibuild;

/// At most `enough` bytes of what `blob` unpacks to, read in pieces of `step`.
std::string unpack(std::string_view blob, std::size_t step, std::size_t enough) {
  support::MemorySource source(blob);
  const auto plain = compress::decompress(source, "the input");
  std::vector<std::byte> buffer(step);
  std::string out;
  while (out.size() < enough) {
    const std::size_t size = plain->read(buffer);
    fuzz::require(size <= buffer.size(), "no more than asked for");
    if (size == 0) break;
    out += support::as_text(support::Bytes(buffer).first(size));
  }
  out.resize(std::min(out.size(), enough));
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view blob = fuzz::as_text(data, size);
  constexpr std::size_t enough = 1U << 20U;
  std::string whole;
  const bool good = fuzz::accepts([&] { whole = unpack(blob, 64 * 1024, enough); });
  std::string pieces;
  const bool good_in_pieces = fuzz::accepts([&] { pieces = unpack(blob, 777, enough); });
  // Whoever stops at `enough` may miss an error that a bigger step runs into.
  if (good && good_in_pieces) fuzz::require(whole == pieces, "pieces of any size are the same");
  if (!good || whole.size() == enough) return 0;

  fuzz::require(unpack(test::packed(whole), 4096, enough) == whole,
                "what is packed can be unpacked");
  return 0;
}
