// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <ocibuild/image.hpp>

#include "oci/hasher.hpp"
#include "support/bytes.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"

namespace ocibuild::store {

/// A blob that is written and flushed but has no name yet; gone when dropped.
struct StagedBlob {
  support::TempFile file;
  Digest digest;
  std::uint64_t size = 0;
};

/// Writes one blob and computes its digest on the way.
class BlobWriter final : public support::ByteSink {
public:
  /// `algorithm`: of the digest, "sha256" or "sha512".
  explicit BlobWriter(const std::filesystem::path& directory, std::string_view algorithm = "sha256")
      : file_(directory), hasher_(algorithm) {}
  void write(support::Bytes bytes) override;
  /// Flushes and closes. Call once.
  StagedBlob finish();

private:
  support::TempFile file_;
  oci::Hasher hasher_;
};

/// The blobs directory of an OCI image layout: ROOT/blobs/ALGORITHM/HEX. Thread-safe; any number of
/// processes.
class BlobStore {
public:
  explicit BlobStore(std::filesystem::path root) : root_(std::move(root)) {}
  const std::filesystem::path& root() const { return root_; }
  /// Temporary files live here: in the same file system as the blobs.
  std::filesystem::path temp_directory() const;
  std::filesystem::path path(const Digest& digest) const;

  /// @throws Error(Errc::failed, store-read-only) when nothing can be made below the root
  void check_writable() const;

  /// Size in bytes of a stored blob, nothing if it is not there.
  std::optional<std::uint64_t> size(const Digest& digest) const;
  bool has(const Descriptor& descriptor) const {
    return size(descriptor.digest) == descriptor.size;
  }

  /// Opens after checking the size. @throws Error(Errc::failed, blob-missing, blob-corrupt)
  support::Fd open(const Descriptor& descriptor) const;
  /// The whole of a document, verified against digest and size. `limit`: bytes
  std::string read(const Descriptor& descriptor, std::size_t limit) const;

  /// @throws Error(Errc::failed, store-read-only)
  BlobWriter create(std::string_view algorithm = "sha256") const;
  /// Gives a staged blob its name. A blob of that name and size stays as it is; one of another size
  /// is damaged and replaced.
  void commit(StagedBlob blob) const;
  /// Stores a small document.
  Descriptor put(std::string media_type, std::string_view bytes) const;

private:
  std::filesystem::path root_;
};

}  // namespace ocibuild::store
