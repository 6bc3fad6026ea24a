// SPDX-License-Identifier: Apache-2.0
#include "compress/chunk_encoder.hpp"

#include <cassert>

#include <libdeflate.h>

#if OCIBUILD_HAVE_ZSTD
#include <zstd.h>
#endif

#include <ocibuild/error.hpp>

namespace ocibuild::compress {

namespace {

[[noreturn]] void unusable(const char* library) {
  throw Error(Errc::internal, "compression-failed", std::string(library) + " refused to work");
}

struct GzipFree {
  void operator()(::libdeflate_compressor* c) const noexcept { ::libdeflate_free_compressor(c); }
};

void encode_gzip(::libdeflate_compressor* compressor, support::Bytes chunk,
                 std::vector<std::byte>& out) {
  out.resize(::libdeflate_gzip_compress_bound(compressor, chunk.size()));
  const std::size_t size =
      ::libdeflate_gzip_compress(compressor, chunk.data(), chunk.size(), out.data(), out.size());
  if (size == 0) unusable("libdeflate");
  out.resize(size);
}

#if OCIBUILD_HAVE_ZSTD
struct ZstdFree {
  void operator()(::ZSTD_CCtx* c) const noexcept { ::ZSTD_freeCCtx(c); }
};

std::unique_ptr<::ZSTD_CCtx, ZstdFree> make_zstd(int level) {
  std::unique_ptr<::ZSTD_CCtx, ZstdFree> context(::ZSTD_createCCtx());
  if (!context ||
      ::ZSTD_isError(::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level)) ||
      ::ZSTD_isError(::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1))) {
    unusable("zstd");
  }
  return context;
}

void encode_zstd(::ZSTD_CCtx* context, support::Bytes chunk, std::vector<std::byte>& out) {
  out.resize(::ZSTD_compressBound(chunk.size()));
  const std::size_t size =
      ::ZSTD_compress2(context, out.data(), out.size(), chunk.data(), chunk.size());
  if (::ZSTD_isError(size)) unusable("zstd");
  out.resize(size);
}
#endif

}  // namespace

struct ChunkEncoder::Impl {
  std::unique_ptr<::libdeflate_compressor, GzipFree> gzip;
#if OCIBUILD_HAVE_ZSTD
  std::unique_ptr<::ZSTD_CCtx, ZstdFree> zstd;
#endif
};

ChunkEncoder::ChunkEncoder(const Setting& setting) : impl_(std::make_unique<Impl>()) {
  assert(setting.codec != Codec::none);
#if OCIBUILD_HAVE_ZSTD
  if (setting.codec == Codec::zstd) {
    impl_->zstd = make_zstd(setting.level);
    return;
  }
#endif
  impl_->gzip.reset(::libdeflate_alloc_compressor(setting.level));
  if (!impl_->gzip) unusable("libdeflate");
}

ChunkEncoder::~ChunkEncoder() = default;

void ChunkEncoder::encode(support::Bytes chunk, std::vector<std::byte>& out) {
#if OCIBUILD_HAVE_ZSTD
  if (impl_->zstd) return encode_zstd(impl_->zstd.get(), chunk, out);
#endif
  encode_gzip(impl_->gzip.get(), chunk, out);
}

}  // namespace ocibuild::compress
