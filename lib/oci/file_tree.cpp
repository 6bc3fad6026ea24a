// SPDX-License-Identifier: Apache-2.0
#include "oci/file_tree.hpp"

#include <algorithm>
#include <array>

namespace ocibuild::oci {

namespace {

/// Some bytes of another source.
class RangeSource final : public support::ByteSource {
public:
  RangeSource(std::unique_ptr<support::ByteSource> inner, std::uint64_t offset, std::uint64_t size)
      : inner_(std::move(inner)), left_(size) {
    std::array<std::byte, 16 * 1024> skipped{};
    while (offset > 0) {
      const std::size_t got = inner_->read(cut(skipped, offset));
      if (got == 0) break;
      offset -= got;
    }
  }
  std::size_t read(std::span<std::byte> buffer) override {
    if (left_ == 0) return 0;
    const std::size_t got = inner_->read(cut(buffer, left_));
    left_ -= got;
    return got;
  }

private:
  static std::span<std::byte> cut(std::span<std::byte> buffer, std::uint64_t most) {
    return buffer.first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), most)));
  }

  std::unique_ptr<support::ByteSource> inner_;
  std::uint64_t left_;
};

}  // namespace

std::unique_ptr<support::ByteSource> FileContent::open_range(std::uint64_t offset,
                                                             std::uint64_t size) const {
  return std::make_unique<RangeSource>(open(), offset, size);
}

void FileTree::each_child(const RootfsPath& directory,
                          const std::function<void(TreeFile)>& visit) const {
  for (const std::string& name : list(directory)) {
    if (auto file = lookup(directory.child(name))) visit(*std::move(file));
  }
}

}  // namespace ocibuild::oci
