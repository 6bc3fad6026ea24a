// SPDX-License-Identifier: Apache-2.0
#include "build/archives.hpp"

#include "tar/tar_reader.hpp"

namespace ocibuild::engine {

std::shared_ptr<const tar::Archive> Archives::open(const oci::TreeFile& file,
                                                   const std::string& what) {
  if (file.entry.type != oci::EntryType::regular || file.entry.size == 0) return nullptr;
  const Digest digest = file.content->digest();
  std::shared_ptr<const tar::Archive>& archive = open_[digest];
  if (archive) return archive;
  const tar::Archive::Origin origin{file.content, scratch_, what, stop_};
  if (const auto remembered = cache_.find_archive(digest))
    archive = tar::Archive::decode(*remembered, origin);
  if (archive) return archive;
  const auto front = file.content->open();
  if (!tar::TarReader::recognises(*front, tar::Wrapping::any)) return nullptr;
  archive = tar::Archive::read(origin);
  cache_.put_archive(digest, archive->encode());
  return archive;
}

}  // namespace ocibuild::engine
