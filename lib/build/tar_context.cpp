// SPDX-License-Identifier: Apache-2.0
#include "build/tar_context.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "oci/hasher.hpp"
#include "rootfs/layer_members.hpp"
#include "support/fd.hpp"
#include "tar/archive.hpp"
#include "tar/tar_reader.hpp"

namespace ocibuild::engine {

namespace {

constexpr const char* what = "the build context";

class OpenFile final : public oci::FileContent {
public:
  explicit OpenFile(int fd) : fd_(fd) {
    struct stat found {};
    if (::fstat(fd, &found) != 0) support::throw_errno("read", what, errno);
    size_ = static_cast<std::uint64_t>(found.st_size);
  }
  std::unique_ptr<support::ByteSource> open() const override {
    return std::make_unique<support::FdRangeSource>(fd_, what, 0, size_);
  }
  Digest digest() const override { return oci::sha256(*open()); }

private:
  const int fd_;
  std::uint64_t size_ = 0;
};

}  // namespace

std::optional<rootfs::View> read_tar_context(int fd, const std::filesystem::path& scratch) {
  const auto file = std::make_shared<OpenFile>(fd);
  if (!tar::TarReader::recognises(*file->open(), tar::Wrapping::any)) return std::nullopt;
  const auto archive = tar::Archive::read({file, scratch, what});
  // Members are laid out as those of a layer are; the archive has refused what whiteouts are.
  rootfs::LayerMembers members(what);
  for (const tar::ArchiveMember& member : archive->members()) {
    rootfs::IndexedFile placed{.entry = member.entry};
    placed.entry.uid = placed.entry.gid = 0;
    placed.entry.xattrs.clear();
    if (placed.entry.type == oci::EntryType::regular && placed.entry.size > 0) {
      placed.digest = member.digest;
      placed.content = archive->content(member);
    }
    members.add(std::move(placed));
  }
  rootfs::View view;
  view.add(members.finish(0), nullptr, what);
  return view;
}

}  // namespace ocibuild::engine
