// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <ocibuild/digest.hpp>

#include "oci/rootfs_path.hpp"
#include "store/blob_origin.hpp"
#include "store/blob_store.hpp"
#include "support/bytes.hpp"
#include "tar/tar_reader.hpp"

namespace ocibuild::store {

/// A regular file of an archive, kept until it is known whether an image needs it.
struct ArchiveMember {
  std::string text;                    ///< content of a small one
  std::optional<StagedBlob> staged{};  ///< content of a big one
  Digest digest;                       ///< of the bytes that came
  std::uint64_t size = 0;

  /// The member must outlive the source.
  std::unique_ptr<support::ByteSource> open() const;
};

/// The files of an image archive, read in one pass so that a pipe will do.
///
/// Nobody can know which members are wanted before the last one was seen: the documents may stand
/// behind the layers. So big members become staged blobs, gone again when they are not committed;
/// the names of the archive never become names of files here.
class ArchiveContents {
public:
  /// `what` names the archive in errors. @throws Error(Errc::failed, archive-invalid)
  ArchiveContents(support::ByteSource& in, const BlobStore& staging, std::string what);

  const std::string& what() const { return what_; }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// The member of that name, symlinks and hard links inside the archive followed; null if there
  /// is none.
  const ArchiveMember* find(std::string_view name) const;
  /// @throws Error(Errc::failed, archive-invalid) naming the member that is missing
  const ArchiveMember& get(std::string_view name) const;
  /// The whole of a document.
  std::string read(std::string_view name, std::size_t limit) const;
  /// Gives the member its place in `target`; again is harmless.
  void commit(std::string_view name, const BlobStore& target);
  /// Error(Errc::failed, archive-invalid) that names the archive.
  Error complaint(std::string_view why) const;
  [[noreturn]] void invalid(std::string_view why) const { throw complaint(why); }

private:
  void add(const tar::TarReader::Member& member, support::ByteSource& content,
           const BlobStore& staging);
  const oci::RootfsPath* resolve(std::string_view name) const;

  std::string what_;
  std::size_t kept_ = 0;  // bytes in memory
  std::map<oci::RootfsPath, ArchiveMember> members_;
  std::map<oci::RootfsPath, oci::RootfsPath> links_;
};

/// The blobs of an OCI image layout in an archive.
class ArchiveOrigin final : public BlobOrigin {
public:
  /// `contents` must outlive this.
  explicit ArchiveOrigin(const ArchiveContents& contents) : contents_(contents) {}
  bool has(const Digest& digest) const override;
  void check(const Descriptor& descriptor) const override;
  std::string read(const Descriptor& descriptor, std::size_t limit) const override;

private:
  Error complaint(std::string_view why) const override { return contents_.complaint(why); }
  const ArchiveContents& contents_;
};

/// "blobs/sha256/0123…": where a layout has a blob.
std::string blob_member(const Digest& digest);

}  // namespace ocibuild::store
