// SPDX-License-Identifier: Apache-2.0
#include "compress/chunk_encoder.hpp"

#include <array>
#include <cassert>
#include <cstdint>
#include <span>

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

/// Room for the longest that a chunk can become. Most become a third of that: they are copied out,
/// which costs less than clearing that much for each.
class Scratch {
public:
  std::span<std::byte> of(std::size_t size) {
    if (size > size_) {
      bytes_ = std::make_unique_for_overwrite<std::byte[]>(size);
      size_ = size;
    }
    return {bytes_.get(), size_};
  }

private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_ = 0;
};

/// True if bytes of all values are about as frequent as in random ones. In whole numbers, so that
/// every machine says the same.
bool is_flat(support::Bytes piece) {
  std::array<std::uint32_t, 256> counts{};
  for (const std::byte byte : piece) ++counts[std::to_integer<std::size_t>(byte)];
  std::uint64_t squares = 0;
  for (const std::uint64_t count : counts) squares += count * count;
  const std::uint64_t random = piece.size() * piece.size() / 256 + piece.size();
  return squares <= random + random * 3 / 100;
}

/// True if nearly all pieces are flat. Of others it sees a few pieces and no more, which costs a
/// thousandth of compressing them.
bool is_flat_throughout(support::Bytes chunk) {
  constexpr std::size_t piece_size = 4096, least_pieces = 16, pieces_for_one = 64;
  const std::size_t pieces = chunk.size() / piece_size;
  if (pieces < least_pieces) return false;
  std::size_t others = 1 + pieces / pieces_for_one;  // for the headers between files
  for (std::size_t i = 0; i < pieces; ++i) {
    if (!is_flat(chunk.subspan(i * piece_size, piece_size)) && others-- == 0) return false;
  }
  return true;
}

support::Bytes encode_gzip(::libdeflate_compressor* compressor, support::Bytes chunk,
                           Scratch& scratch) {
  const auto room = scratch.of(::libdeflate_gzip_compress_bound(compressor, chunk.size()));
  const std::size_t size =
      ::libdeflate_gzip_compress(compressor, chunk.data(), chunk.size(), room.data(), room.size());
  if (size == 0) unusable("libdeflate");
  return room.first(size);
}

/// What has nothing to compress is stored: pictures, archives, encrypted files. Compressing them
/// takes as long as compressing text.
class DenseChunks {
public:
  DenseChunks()
      : store_(::libdeflate_alloc_compressor(0)), quick_(::libdeflate_alloc_compressor(1)) {
    if (!store_ || !quick_) unusable("libdeflate");
  }
  bool contain(support::Bytes chunk, Scratch& scratch) const {
    if (!is_flat_throughout(chunk)) return false;
    constexpr std::size_t sample_size = 16 * 1024;
    for (const std::size_t at : {chunk.size() / 4, chunk.size() / 4 * 3 - sample_size}) {
      const support::Bytes sample = chunk.subspan(at, sample_size);
      if (encode_gzip(quick_.get(), sample, scratch).size() < sample_size) return false;
    }
    return true;
  }
  support::Bytes store(support::Bytes chunk, Scratch& scratch) const {
    return encode_gzip(store_.get(), chunk, scratch);
  }

private:
  std::unique_ptr<::libdeflate_compressor, GzipFree> store_, quick_;
};

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

support::Bytes encode_zstd(::ZSTD_CCtx* context, support::Bytes chunk, Scratch& scratch) {
  const auto room = scratch.of(::ZSTD_compressBound(chunk.size()));
  const std::size_t size =
      ::ZSTD_compress2(context, room.data(), room.size(), chunk.data(), chunk.size());
  if (::ZSTD_isError(size)) unusable("zstd");
  return room.first(size);
}
#endif

}  // namespace

struct ChunkEncoder::Impl {
  Scratch scratch;
  std::unique_ptr<::libdeflate_compressor, GzipFree> gzip;
  DenseChunks dense;
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
  const auto encoded = [&] {
#if OCIBUILD_HAVE_ZSTD
    if (impl_->zstd) return encode_zstd(impl_->zstd.get(), chunk, impl_->scratch);
#endif
    if (impl_->dense.contain(chunk, impl_->scratch))
      return impl_->dense.store(chunk, impl_->scratch);
    return encode_gzip(impl_->gzip.get(), chunk, impl_->scratch);
  }();
  out.assign(encoded.begin(), encoded.end());
}

}  // namespace ocibuild::compress
