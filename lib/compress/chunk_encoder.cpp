// SPDX-License-Identifier: Apache-2.0
#include "compress/chunk_encoder.hpp"

#include <array>
#include <cassert>
#include <cstdint>
#include <optional>
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

support::Bytes encode_gzip(::libdeflate_compressor* compressor, support::Bytes chunk,
                           Scratch& scratch) {
  const auto room = scratch.of(::libdeflate_gzip_compress_bound(compressor, chunk.size()));
  const std::size_t size =
      ::libdeflate_gzip_compress(compressor, chunk.data(), chunk.size(), room.data(), room.size());
  if (size == 0) unusable("libdeflate");
  return room.first(size);
}

/// Compresses to gzip members: one, or several where a part of the chunk has nothing to compress
/// (pictures, archives, encrypted files). That is stored: to compress it takes as long as for text.
class GzipEncoder {
public:
  explicit GzipEncoder(int level) : level_(level) {}

  void encode(support::Bytes chunk, std::vector<std::byte>& out) {
    const std::size_t pieces = chunk.size() / piece_size;
    std::size_t done = 0;
    // Every long run is met where it has come to least_pieces at the latest, and a text is looked
    // at in one of so many places.
    for (std::size_t at = 0; at < pieces; at += least_pieces) {
      if (at * piece_size < done || !is_flat(piece(chunk, at))) continue;
      std::size_t begin = at;
      while (begin * piece_size > done && is_flat(piece(chunk, begin - 1))) --begin;
      std::size_t end = at + 1;
      while (end < pieces && is_flat(piece(chunk, end))) ++end;
      const support::Bytes run = chunk.subspan(begin * piece_size, (end - begin) * piece_size);
      if (!is_dense(run)) continue;
      if (begin * piece_size > done) compress(chunk.subspan(done, begin * piece_size - done), out);
      append(stored, run, out);
      done = end * piece_size;
    }
    if (done < chunk.size() || chunk.empty()) compress(chunk.subspan(done), out);
  }

private:
  static constexpr std::size_t piece_size = 4096, least_pieces = 16;
  static constexpr int stored = 0, quick = 1, highest = 12;  // levels

  static support::Bytes piece(support::Bytes chunk, std::size_t at) {
    return chunk.subspan(at * piece_size, piece_size);
  }

  /// No histogram sees what is there twice.
  bool is_dense(support::Bytes run) {
    if (run.size() < least_pieces * piece_size) return false;
    constexpr std::size_t sample_size = 4 * piece_size;
    const auto shrinks = [&](std::size_t at) {
      return encode_gzip(at_level(quick), run.subspan(at, sample_size), scratch_).size() <
             sample_size;
    };
    return !shrinks(run.size() / 4) && !shrinks(run.size() / 4 * 3 - sample_size);
  }

  void compress(support::Bytes part, std::vector<std::byte>& out) {
    append(level_ == Setting::by_content ? gzip_level(part) : level_, part, out);
  }

  void append(int level, support::Bytes part, std::vector<std::byte>& out) {
    const support::Bytes member = encode_gzip(at_level(level), part, scratch_);
    out.insert(out.end(), member.begin(), member.end());
  }

  ::libdeflate_compressor* at_level(int level) {
    auto& compressor = compressors_.at(static_cast<std::size_t>(level));
    if (!compressor) compressor.reset(::libdeflate_alloc_compressor(level));
    if (!compressor) unusable("libdeflate");
    return compressor.get();
  }

  const int level_;
  Scratch scratch_;
  /// By level, each made when it is needed first.
  std::array<std::unique_ptr<::libdeflate_compressor, GzipFree>, highest + 1> compressors_;
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
  std::optional<GzipEncoder> gzip;
#if OCIBUILD_HAVE_ZSTD
  Scratch scratch;
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
  impl_->gzip.emplace(setting.level);
}

ChunkEncoder::~ChunkEncoder() = default;

void ChunkEncoder::encode(support::Bytes chunk, std::vector<std::byte>& out) {
  out.clear();
#if OCIBUILD_HAVE_ZSTD
  if (impl_->zstd) {
    const support::Bytes frame = encode_zstd(impl_->zstd.get(), chunk, impl_->scratch);
    return out.assign(frame.begin(), frame.end());
  }
#endif
  impl_->gzip->encode(chunk, out);
}

}  // namespace ocibuild::compress
