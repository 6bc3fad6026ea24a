// SPDX-License-Identifier: Apache-2.0
#include "compress/decompressor.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include <zlib.h>

#if OCIBUILD_HAVE_ZSTD
#include <zstd.h>
#endif

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::compress {

using support::Bytes;
using support::concat;

namespace {

/// The compressed stream with its buffer, and the number of bytes taken from it.
class Input {
public:
  Input(support::ByteSource& source, std::string what)
      : source_(source), what_(std::move(what)), buffer_(128 * 1024) {}

  /// What was read and not taken; reads more when that is nothing. Empty at the end.
  Bytes peek() {
    if (begin_ == end_ && !at_end_) {
      begin_ = 0;
      end_ = source_.read(buffer_);
      at_end_ = end_ == 0;
    }
    return Bytes(buffer_).subspan(begin_, end_ - begin_);
  }

  /// Reads until `size` bytes can be peeked or the stream ends.
  Bytes peek_start(std::size_t size) {
    while (end_ < size && !at_end_) {
      const std::size_t more = source_.read(std::span(buffer_).subspan(end_));
      end_ += more;
      at_end_ = more == 0;
    }
    return Bytes(buffer_).first(end_);
  }

  void take(std::size_t size) {
    begin_ += size;
    offset_ += size;
  }

  [[noreturn]] void corrupt(std::string_view why) const {
    throw Error(Errc::failed, "blob-corrupt",
                concat(what_, " is corrupt: ", why, " at byte ", offset_));
  }

private:
  support::ByteSource& source_;
  std::string what_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  bool at_end_ = false;
};

class PlainSource final : public support::ByteSource {
public:
  explicit PlainSource(Input input) : input_(std::move(input)) {}

  std::size_t read(std::span<std::byte> out) override {
    const Bytes bytes = input_.peek();
    const std::size_t size = std::min(out.size(), bytes.size());
    if (size > 0) std::memcpy(out.data(), bytes.data(), size);
    input_.take(size);
    return size;
  }

private:
  Input input_;
};

/// zlib, not libdeflate: that one wants a whole member in memory.
class GzipSource final : public support::ByteSource {
public:
  explicit GzipSource(Input input) : input_(std::move(input)) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (::inflateInit2(&stream_, gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~GzipSource() override { ::inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::size_t read(std::span<std::byte> out) override {
    while (!ended_) {
      if (between_members_ && !begin_member()) break;
      if (const std::size_t size = inflate_some(out)) return size;
    }
    return 0;
  }

private:
  /// False at the end of the stream. Padding with zeros after the last member is tolerated, as by
  /// gzip: archives on tapes and block devices have it.
  bool begin_member() {
    Bytes bytes = input_.peek();
    if (!bytes.empty() && bytes.front() == std::byte{0x1f}) {
      ::inflateReset(&stream_);
      between_members_ = false;
      return true;
    }
    for (; !bytes.empty(); bytes = input_.peek()) {
      const auto other =
          std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
      input_.take(static_cast<std::size_t>(other - bytes.begin()));
      if (other != bytes.end()) input_.corrupt("something else follows the gzip data");
    }
    ended_ = true;
    return false;
  }

  std::size_t inflate_some(std::span<std::byte> out) {
    const Bytes bytes = pending_ ? Bytes{} : input_.peek();
    if (bytes.empty() && !pending_) input_.corrupt("the gzip data is cut off");
    // zlib's interface predates const and 64 bits.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    const auto room = static_cast<uInt>(std::min<std::size_t>(out.size(), 1U << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = room;
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    input_.take(bytes.size() - stream_.avail_in);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      input_.corrupt(stream_.msg == nullptr ? "invalid gzip data" : stream_.msg);
    }
    between_members_ = result == Z_STREAM_END;
    pending_ = result == Z_OK && stream_.avail_out == 0;  // zlib may hold more of what it has read
    return room - stream_.avail_out;
  }

  Input input_;
  z_stream stream_{};
  bool between_members_ = false;
  bool pending_ = false;
  bool ended_ = false;
};

#if OCIBUILD_HAVE_ZSTD
struct ZstdFree {
  void operator()(::ZSTD_DCtx* c) const noexcept { ::ZSTD_freeDCtx(c); }
};

/// Any number of frames; the library skips skippable ones and refuses windows above 128 MiB.
class ZstdSource final : public support::ByteSource {
public:
  explicit ZstdSource(Input input) : input_(std::move(input)), context_(::ZSTD_createDCtx()) {
    if (!context_) throw std::bad_alloc();
  }

  std::size_t read(std::span<std::byte> out) override {
    for (;;) {
      const Bytes bytes = pending_ ? Bytes{} : input_.peek();
      if (bytes.empty() && !pending_) {
        if (!between_frames_) input_.corrupt("the zstd data is cut off");
        return 0;
      }
      ::ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
      ::ZSTD_outBuffer to{out.data(), out.size(), 0};
      const std::size_t result = ::ZSTD_decompressStream(context_.get(), &to, &from);
      input_.take(from.pos);
      if (::ZSTD_isError(result)) input_.corrupt(::ZSTD_getErrorName(result));
      between_frames_ = result == 0;
      pending_ = result != 0 && to.pos == to.size;  // zstd may hold more of what it has read
      if (to.pos > 0) return to.pos;
    }
  }

private:
  Input input_;
  std::unique_ptr<::ZSTD_DCtx, ZstdFree> context_;
  bool between_frames_ = true;
  bool pending_ = false;
};
#endif

}  // namespace

std::unique_ptr<support::ByteSource> decompress(support::ByteSource& in, std::string what) {
  Input input(in, what);
  switch (sniff(input.peek_start(4))) {
    case Codec::none:
      return std::make_unique<PlainSource>(std::move(input));
    case Codec::gzip:
      return std::make_unique<GzipSource>(std::move(input));
    case Codec::zstd:
      break;
  }
#if OCIBUILD_HAVE_ZSTD
  return std::make_unique<ZstdSource>(std::move(input));
#else
  throw Error(Errc::failed, "compression-unavailable",
              concat(what, " is compressed with zstd, and this ocibuild was built without it"));
#endif
}

}  // namespace ocibuild::compress
