// SPDX-License-Identifier: Apache-2.0
#include "compress/chunk_decoder.hpp"

#include <libdeflate.h>

#if OCIBUILD_HAVE_ZSTD
#include <zstd.h>
#endif

#include "compress/codec.hpp"

namespace ocibuild::compress {

namespace {

struct GzipFree {
  void operator()(::libdeflate_decompressor* d) const noexcept {
    ::libdeflate_free_decompressor(d);
  }
};

}  // namespace

struct ChunkDecoder::Impl {
  std::unique_ptr<::libdeflate_decompressor, GzipFree> gzip{::libdeflate_alloc_decompressor()};
};

ChunkDecoder::ChunkDecoder() : impl_(std::make_unique<Impl>()) {}

ChunkDecoder::~ChunkDecoder() = default;

bool ChunkDecoder::decode(support::Bytes packed, std::span<std::byte> into) {
#if OCIBUILD_HAVE_ZSTD
  if (sniff(packed) == Codec::zstd) {
    return ::ZSTD_decompress(into.data(), into.size(), packed.data(), packed.size()) == into.size();
  }
#endif
  do {
    std::size_t used = 0;
    std::size_t made = 0;
    if (!impl_->gzip || ::libdeflate_gzip_decompress_ex(impl_->gzip.get(), packed.data(),
                                                        packed.size(), into.data(), into.size(),
                                                        &used, &made) != LIBDEFLATE_SUCCESS)
      return false;
    packed = packed.subspan(used);
    into = into.subspan(made);
  } while (!packed.empty());
  return into.empty();
}

}  // namespace ocibuild::compress
