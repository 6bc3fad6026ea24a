// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "oci/file_tree.hpp"

namespace ocibuild::tar {

/// One file of an archive.
struct ArchiveMember {
  oci::Entry entry;         ///< path and a hard link's target: below where it is unpacked
  Digest digest{};          ///< of the content; regular files with size > 0
  std::uint64_t place = 0;  ///< where the content begins when all contents stand in a row
};

/// A tar of somebody else, plain or compressed, with random access to its contents. Thread-safe.
///
/// Contents are put in a row, holes of sparse files filled, into a nameless file on first use; the
/// archive is read once for that. Members that were remembered need no reading at all. Limits:
/// docs/reference/image.md, 5.4.
class Archive : public std::enable_shared_from_this<Archive> {
public:
  /// Where an archive comes from and how it is called.
  struct Origin {
    std::shared_ptr<const oci::FileContent> file;
    std::filesystem::path scratch;  ///< directory for the nameless file
    std::string what;               ///< names the archive in errors
    std::stop_token stop{};
  };

  /// Reads all of it. @throws Error(Errc::failed) archive-invalid for a damaged one;
  /// archive-outside and archive-whiteout for members that no image may take
  /// (docs/reference/dockerfile.md, 9.6)
  static std::shared_ptr<const Archive> read(Origin origin);

  /// In the archive's order. Members for the top itself are left out.
  const std::vector<ArchiveMember>& members() const { return members_; }
  /// Content of a regular member. Keeps the archive alive.
  std::shared_ptr<const oci::FileContent> content(const ArchiveMember& member) const;

  /// Members for a cache file, and back; decode() gives null for anything damaged or of another
  /// version. `origin.file` must be the archive that was encoded.
  std::string encode() const;
  static std::shared_ptr<const Archive> decode(std::string_view bytes, Origin origin);

  ~Archive();

private:
  class Contents;
  class Content;
  Archive(Origin origin, std::vector<ArchiveMember> members);

  std::vector<ArchiveMember> members_;
  std::unique_ptr<Contents> contents_;
};

}  // namespace ocibuild::tar
