// SPDX-License-Identifier: Apache-2.0
#include "store/blob_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;
using support::quote;

void BlobWriter::write(support::Bytes bytes) {
  file_.write(bytes);
  hasher_.write(bytes);
}

StagedBlob BlobWriter::finish() {
  file_.close();
  const std::uint64_t size = hasher_.size();
  return {std::move(file_), hasher_.finish(), size};
}

std::filesystem::path BlobStore::temp_directory() const {
  return root_ / ".ocibuild" / "tmp";
}

std::filesystem::path BlobStore::path(const Digest& digest) const {
  return root_ / "blobs" / digest.algorithm() / digest.hex();
}

void BlobStore::check_writable() const {
  std::filesystem::path at = std::filesystem::absolute(temp_directory());
  std::error_code ignored;
  while (!std::filesystem::exists(at, ignored) && at.has_relative_path()) at = at.parent_path();
  if (::faccessat(AT_FDCWD, at.c_str(), W_OK, AT_EACCESS) == 0) return;
  if (errno != EROFS && errno != EACCES) return;  // what is wrong then shows when the file is made
  throw Error(Errc::failed, "store-read-only",
              concat("cannot write to the image store ", quote(root_.native()), ": ",
                     quote(at.native()), ": ", std::generic_category().message(errno)))
      .help("make it writable for this user, or choose another store with --root");
}

std::optional<std::uint64_t> BlobStore::size(const Digest& digest) const {
  struct stat status {};
  const auto file = path(digest);
  if (::stat(file.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    support::throw_errno("look at", file, errno);
  }
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

support::Fd BlobStore::open(const Descriptor& descriptor) const {
  const auto stored = size(descriptor.digest);
  if (!stored) {
    throw Error(Errc::failed, "blob-missing",
                concat("blob ", descriptor.digest.str(), " is not in ", quote(root_.native())))
        .help("load, pull or build the image again");
  }
  if (*stored != descriptor.size) {
    throw Error(Errc::failed, "blob-corrupt",
                concat("blob ", descriptor.digest.str(), " in ", quote(root_.native()), " has ",
                       *stored, " bytes instead of ", descriptor.size))
        .help("load, pull or build the image again: a blob of another size is replaced");
  }
  return support::open_read(path(descriptor.digest));
}

std::string BlobStore::read(const Descriptor& descriptor, std::size_t limit) const {
  const support::Fd fd = open(descriptor);
  const std::string what = concat("blob ", descriptor.digest.str());
  support::FdSource file(fd.get(), path(descriptor.digest));
  oci::VerifyingSource verified(file, descriptor.digest, descriptor.size, what);
  return support::read_all(verified, limit, what);
}

BlobWriter BlobStore::create(std::string_view algorithm) const {
  check_writable();
  return BlobWriter(temp_directory(), algorithm);
}

void BlobStore::commit(StagedBlob blob) const {
  if (size(blob.digest) == blob.size) return;
  const auto target = path(blob.digest);
  std::error_code error;
  std::filesystem::create_directories(target.parent_path(), error);
  if (error) support::throw_errno("create directory", target.parent_path(), error.value());
  blob.file.commit(target);
}

Descriptor BlobStore::put(std::string media_type, std::string_view bytes) const {
  Descriptor descriptor{
      .media_type = std::move(media_type), .digest = oci::sha256(bytes), .size = bytes.size()};
  if (has(descriptor)) return descriptor;
  BlobWriter writer = create();
  writer.write(support::as_bytes(bytes));
  commit(writer.finish());
  return descriptor;
}

}  // namespace ocibuild::store
