// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_contents.hpp"

#include <array>
#include <mutex>
#include <utility>

#include <ocibuild/error.hpp>

#include "compress/codec.hpp"
#include "compress/decompressor.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"

namespace ocibuild::rootfs {

namespace {

/// A range of the tar that must be there as a whole.
class ContentSource final : public support::ByteSource {
public:
  ContentSource(std::shared_ptr<const LayerContents> owner, int fd,
                const std::filesystem::path& path, std::uint64_t offset, std::uint64_t size)
      : owner_(std::move(owner)), path_(path), range_(fd, path, offset, size), left_(size) {}

  std::size_t read(std::span<std::byte> buffer) override {
    const std::size_t size = range_.read(buffer);
    if (size == 0 && left_ > 0) {
      throw Error(Errc::failed, "blob-corrupt",
                  support::concat("the layer ", support::quote(path_.native()), " lacks ", left_,
                                  " bytes of a file that its index names"))
          .help("remove the image from the store and load it again");
    }
    left_ -= size;
    return size;
  }

private:
  std::shared_ptr<const LayerContents> owner_;  // keeps the descriptor open
  const std::filesystem::path& path_;           // the owner's
  support::FdRangeSource range_;
  std::uint64_t left_;
};

}  // namespace

struct LayerContents::Impl {
  std::filesystem::path blob;
  std::filesystem::path scratch;
  std::function<void()> provide;
  std::once_flag once;
  support::Fd tar;

  /// Runs once; when it throws, the next caller tries again.
  void prepare() {
    if (provide) provide();
    support::Fd stored = support::open_read(blob);
    std::array<std::byte, 4> start{};
    support::FdRangeSource front(stored.get(), blob, 0, start.size());
    std::size_t size = 0;
    while (const std::size_t got = front.read(std::span(start).subspan(size))) {
      size += got;
      if (size == start.size()) break;
    }
    if (compress::sniff(support::Bytes(start).first(size)) == compress::Codec::none) {
      tar = std::move(stored);
      return;
    }
    support::FdSource compressed(stored.get(), blob);
    const auto plain = compress::decompress(
        compressed, support::concat("the layer ", support::quote(blob.native())));
    support::Fd unpacked = support::open_unnamed(scratch);
    support::FdSink sink(unpacked.get(), scratch);
    support::copy(*plain, sink);
    tar = std::move(unpacked);
  }
};

LayerContents::LayerContents(std::filesystem::path blob, std::filesystem::path scratch,
                             std::function<void()> provide)
    : impl_(std::make_unique<Impl>()) {
  impl_->blob = std::move(blob);
  impl_->scratch = std::move(scratch);
  impl_->provide = std::move(provide);
}

LayerContents::~LayerContents() = default;

std::unique_ptr<support::ByteSource> LayerContents::open(std::uint64_t offset,
                                                         std::uint64_t size) const {
  std::call_once(impl_->once, [this] { impl_->prepare(); });
  return std::make_unique<ContentSource>(shared_from_this(), impl_->tar.get(), impl_->blob, offset,
                                         size);
}

}  // namespace ocibuild::rootfs
