// SPDX-License-Identifier: Apache-2.0
#include "context/disk_file.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "oci/hasher.hpp"

namespace ocibuild::context {

namespace {

class DiskSource final : public support::ByteSource {
public:
  DiskSource(std::shared_ptr<const RootDirectory> root, oci::RootfsPath path, FileStamp stamp,
             std::uint64_t offset, std::uint64_t size)
      : root_(std::move(root)),
        path_(std::move(path)),
        stamp_(stamp),
        offset_(offset),
        left_(size) {
    RootDirectory::Opened opened = root_->open_file(path_);
    if (!opened.fd.is_open()) throw_unreadable(*root_, path_, opened.error);
    fd_ = std::move(opened.fd);
    check_stamp();
  }

  std::size_t read(std::span<std::byte> buffer) override {
    if (left_ == 0) {
      check_stamp();
      return 0;
    }
    const auto most = std::min<std::uint64_t>(buffer.size(), left_);
    const ssize_t size = ::pread(fd_.get(), buffer.data(), most, static_cast<off_t>(offset_));
    if (size < 0 && errno == EINTR) return read(buffer);
    if (size < 0) support::throw_errno("read", root_->locate(path_), errno);
    if (size == 0) throw_changed(*root_, path_);
    offset_ += static_cast<std::uint64_t>(size);
    left_ -= static_cast<std::uint64_t>(size);
    return static_cast<std::size_t>(size);
  }

private:
  void check_stamp() const {
    struct stat now {};
    if (::fstat(fd_.get(), &now) != 0) throw_unreadable(*root_, path_, errno);
    if (stamp_of(now) != stamp_) throw_changed(*root_, path_);
  }

  std::shared_ptr<const RootDirectory> root_;
  oci::RootfsPath path_;
  FileStamp stamp_;
  support::Fd fd_;
  std::uint64_t offset_;
  std::uint64_t left_;
};

}  // namespace

std::unique_ptr<support::ByteSource> DiskFile::open() const {
  return open_range(0, stamp_.size);
}

std::unique_ptr<support::ByteSource> DiskFile::open_range(std::uint64_t offset,
                                                          std::uint64_t size) const {
  return std::make_unique<DiskSource>(root_, path_, stamp_, offset, size);
}

std::optional<Digest> DiskFile::known_digest() const {
  return known_ == nullptr ? std::nullopt : known_->find(path_.str(), stamp_);
}

Digest DiskFile::digest() const {
  if (const auto known = known_digest()) return *known;
  const auto source = open();
  Digest digest = oci::sha256(*source);
  if (known_ != nullptr) known_->learn(path_.str(), stamp_, digest);
  return digest;
}

}  // namespace ocibuild::context
