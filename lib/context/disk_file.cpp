// SPDX-License-Identifier: Apache-2.0
#include "context/disk_file.hpp"

#include <cerrno>

#include "oci/hasher.hpp"

namespace ocibuild::context {

namespace {

class DiskSource final : public support::ByteSource {
public:
  DiskSource(std::shared_ptr<const RootDirectory> root, oci::RootfsPath path, FileStamp stamp)
      : root_(std::move(root)), path_(std::move(path)), stamp_(stamp) {
    RootDirectory::Opened opened = root_->open_file(path_);
    if (!opened.fd.is_open()) throw_unreadable(*root_, path_, opened.error);
    fd_ = std::move(opened.fd);
    check_stamp();
  }

  std::size_t read(std::span<std::byte> buffer) override {
    support::FdSource source(fd_.get(), root_->locate(path_));
    const std::size_t size = source.read(buffer);
    read_ += size;
    if (size == 0 || read_ > stamp_.size) {
      if (read_ != stamp_.size) throw_changed(*root_, path_);
      check_stamp();
    }
    return size;
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
  std::uint64_t read_ = 0;
};

}  // namespace

std::unique_ptr<support::ByteSource> DiskFile::open() const {
  return std::make_unique<DiskSource>(root_, path_, stamp_);
}

Digest DiskFile::digest() const {
  if (known_ != nullptr) {
    if (auto digest = known_->find(path_.str(), stamp_)) return *digest;
  }
  const auto source = open();
  Digest digest = oci::sha256(*source);
  if (known_ != nullptr) known_->learn(path_.str(), stamp_, digest);
  return digest;
}

}  // namespace ocibuild::context
