// SPDX-License-Identifier: Apache-2.0
#include "store/archive_contents.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

using oci::EntryType;
using support::concat;
using support::quote;

namespace {

constexpr std::size_t most_members = 100'000;
constexpr std::size_t small_member = 256 * 1024;          // documents, but hardly a layer
constexpr std::size_t most_in_memory = 16 * 1024 * 1024;  // of all small members together
constexpr int most_links = 16;

/// Opens a file and owns what FdSource borrows.
class StagedSource final : public support::ByteSource {
public:
  explicit StagedSource(const StagedBlob& blob) : file_(blob.file.path()) {}
  std::size_t read(std::span<std::byte> buffer) override { return file_.read(buffer); }

private:
  support::FileSource file_;
};

std::string_view algorithm_of(const oci::RootfsPath& path) {
  return path.str().starts_with("blobs/sha512/") ? "sha512" : "sha256";
}

}  // namespace

std::unique_ptr<support::ByteSource> ArchiveMember::open() const {
  if (staged) return std::make_unique<StagedSource>(*staged);
  return std::make_unique<support::MemorySource>(text);
}

ArchiveContents::ArchiveContents(support::ByteSource& in, const BlobStore& staging,
                                 std::string what)
    : what_(std::move(what)) {
  tar::TarReader reader(in, tar::Wrapping::any, what_);
  tar::TarReader::Member member;
  while (reader.next(member)) add(member, reader.content(), staging);
}

void ArchiveContents::add(const tar::TarReader::Member& member, support::ByteSource& content,
                          const BlobStore& staging) {
  const oci::Entry& entry = member.entry;
  if (entry.is_directory()) return;
  if (members_.size() + links_.size() == most_members)
    invalid(concat("it has more than ", most_members, " members"));
  members_.erase(entry.path);  // the last member of a name counts, as for tar
  links_.erase(entry.path);
  if (entry.type == EntryType::hard_link) {
    links_.emplace(entry.path, oci::RootfsPath(entry.link_target));
  } else if (entry.type == EntryType::symlink) {
    const bool absolute = entry.link_target.starts_with('/');
    links_.emplace(entry.path, absolute ? oci::RootfsPath(entry.link_target)
                                        : entry.path.parent() / entry.link_target);
  } else if (entry.type == EntryType::regular) {
    ArchiveMember kept;
    kept.size = entry.size;
    if (entry.size <= small_member && kept_ + entry.size <= most_in_memory) {
      kept.text = support::read_all(content, small_member, member.name);
      kept_ += kept.text.size();
      oci::Hasher hasher(algorithm_of(entry.path));
      hasher.write(support::as_bytes(kept.text));
      kept.digest = hasher.finish();
    } else {
      BlobWriter writer = staging.create(algorithm_of(entry.path));
      support::copy(content, writer);
      kept.staged.emplace(writer.finish());
      kept.digest = kept.staged->digest;
    }
    members_.emplace(entry.path, std::move(kept));
  }
}

const oci::RootfsPath* ArchiveContents::resolve(std::string_view name) const {
  oci::RootfsPath path(name);
  for (int i = 0; i <= most_links; ++i) {
    if (const auto member = members_.find(path); member != members_.end()) return &member->first;
    const auto link = links_.find(path);
    if (link == links_.end()) return nullptr;
    path = link->second;
  }
  return nullptr;
}

const ArchiveMember* ArchiveContents::find(std::string_view name) const {
  const oci::RootfsPath* path = resolve(name);
  return path == nullptr ? nullptr : &members_.at(*path);
}

const ArchiveMember& ArchiveContents::get(std::string_view name) const {
  const ArchiveMember* member = find(name);
  if (member == nullptr) invalid(concat("it lacks the member ", quote(name)));
  return *member;
}

std::string ArchiveContents::read(std::string_view name, std::size_t limit) const {
  return support::read_all(*get(name).open(), limit, concat(quote(name), " in ", what_));
}

void ArchiveContents::commit(std::string_view name, const BlobStore& target) {
  get(name);
  ArchiveMember& member = members_.at(*resolve(name));
  if (target.size(member.digest) == member.size) return;
  if (member.staged) {
    target.commit(std::move(*member.staged));
    return;
  }
  BlobWriter writer = target.create(member.digest.algorithm());
  writer.write(support::as_bytes(member.text));
  target.commit(writer.finish());
}

Error ArchiveContents::complaint(std::string_view why) const {
  return Error(Errc::failed, "archive-invalid", concat(what_, " is no valid image archive: ", why));
}

bool ArchiveOrigin::has(const Digest& digest) const {
  return contents_.has(blob_member(digest));
}

void ArchiveOrigin::check(const Descriptor& descriptor) const {
  const std::string name = blob_member(descriptor.digest);
  const ArchiveMember& member = contents_.get(name);
  const auto corrupt = [&](const std::string& why) {
    return Error(Errc::failed, "blob-corrupt",
                 concat("member ", quote(name), " of ", contents_.what(), ' ', why));
  };
  if (member.size != descriptor.size)
    throw corrupt(concat("has ", member.size, " bytes instead of ", descriptor.size));
  if (member.digest != descriptor.digest)
    throw corrupt(
        concat("is corrupt: wanted ", descriptor.digest.str(), ", got ", member.digest.str()));
}

std::string ArchiveOrigin::read(const Descriptor& descriptor, std::size_t limit) const {
  check(descriptor);
  return contents_.read(blob_member(descriptor.digest), limit);
}

std::string blob_member(const Digest& digest) {
  return concat("blobs/", digest.algorithm(), '/', digest.hex());
}

}  // namespace ocibuild::store
