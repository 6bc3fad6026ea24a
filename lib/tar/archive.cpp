// SPDX-License-Identifier: Apache-2.0
#include "tar/archive.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include <ocibuild/error.hpp>

#include "oci/entry_record.hpp"
#include "oci/hasher.hpp"
#include "support/fd.hpp"
#include "support/stop.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"
#include "tar/tar_reader.hpp"

namespace ocibuild::tar {

using oci::EntryType;
using support::concat;
using support::quote;

namespace {

constexpr std::string_view magic = "ocibuild archive 1\n";
constexpr std::size_t buffer_size = 128 * 1024;

bool has_content(const oci::Entry& entry) {
  return entry.type == EntryType::regular && entry.size > 0;
}

/// A file on the disk that is written front to back. Zeros become holes, so that a small archive of
/// huge sparse files does not fill the disk.
class Row {
public:
  explicit Row(const std::filesystem::path& scratch)
      : scratch_(scratch), fd_(support::open_unnamed(scratch)) {}

  void append(support::Bytes bytes) {
    const bool zeros =
        std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
    if (!zeros) write(bytes);
    size_ += bytes.size();
  }
  std::uint64_t size() const { return size_; }
  support::Fd finish() && {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0)
      support::throw_errno("write", scratch_, errno);
    return std::move(fd_);
  }

private:
  void write(support::Bytes bytes) {
    if (::lseek(fd_.get(), static_cast<off_t>(size_), SEEK_SET) < 0)
      support::throw_errno("write", scratch_, errno);
    support::FdSink(fd_.get(), scratch_).write(bytes);
  }

  const std::filesystem::path& scratch_;
  support::Fd fd_;
  std::uint64_t size_ = 0;
};

/// @throws Error for members that no image may take
void check(const TarReader::Member& member, const std::string& what) {
  if (member.leaves_root) {
    const bool is_link = member.entry.type == EntryType::hard_link;
    throw Error(Errc::failed, "archive-outside",
                concat(what, " cannot be unpacked: its entry ", quote(member.name),
                       is_link ? " or what it links to" : "", " lies outside the destination"))
        .help("make the archive anew, with names that have no \"..\"");
  }
  for (const std::string& component : support::split(member.entry.path.str(), '/')) {
    if (!component.starts_with(".wh.")) continue;
    throw Error(Errc::failed, "archive-whiteout",
                concat(what, " cannot be unpacked: its entry ", quote(member.name),
                       " would delete a file of the image, as names in \".wh.\" do in layers"));
  }
}

/// What reading an archive from front to back gives.
struct Reading {
  std::vector<ArchiveMember> members;
  support::Fd row;
};

/// Copies the content of the reader's member.
void take_content(TarReader& reader, ArchiveMember& member, Row& row,
                  std::vector<std::byte>& buffer, const Archive::Origin& origin) {
  member.place = row.size();
  oci::Hasher hasher;
  while (const std::size_t size = reader.content().read(buffer)) {
    support::throw_if_stopped(origin.stop);
    hasher.write(support::Bytes(buffer).first(size));
    row.append(support::Bytes(buffer).first(size));
  }
  if (hasher.size() != member.entry.size) {
    throw Error(Errc::failed, "archive-invalid",
                concat(origin.what, " is not a valid tar: ", quote(member.entry.path.str()),
                       " has ", hasher.size(), " of ", member.entry.size, " bytes"));
  }
  member.digest = hasher.finish();
}

Reading read_all(const Archive::Origin& origin) {
  const auto source = origin.file->open();
  TarReader reader(*source, Wrapping::any, origin.what);
  Row row(origin.scratch);
  std::vector<ArchiveMember> members;
  std::vector<std::byte> buffer(buffer_size);
  for (TarReader::Member found; reader.next(found);) {
    support::throw_if_stopped(origin.stop);
    check(found, origin.what);
    if (found.entry.path.is_root()) continue;
    ArchiveMember member{.entry = std::move(found.entry)};
    if (has_content(member.entry)) take_content(reader, member, row, buffer, origin);
    members.push_back(std::move(member));
  }
  // To the end, so that a file that changed meanwhile is noticed.
  while (source->read(buffer) > 0) support::throw_if_stopped(origin.stop);
  return {std::move(members), std::move(row).finish()};
}

}  // namespace

/// The contents in a row, which are read from the archive when first asked for.
class Archive::Contents {
public:
  explicit Contents(Origin origin) : origin_(std::move(origin)) {}

  std::vector<ArchiveMember> read() {
    Reading reading = read_all(origin_);
    row_ = std::move(reading.row);
    return std::move(reading.members);
  }
  std::unique_ptr<support::ByteSource> open(std::uint64_t place, std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    if (!row_.is_open()) read();
    return std::make_unique<support::FdRangeSource>(row_.get(), origin_.scratch, place, size);
  }

private:
  const Origin origin_;
  std::mutex mutex_;
  support::Fd row_;
};

class Archive::Content final : public oci::FileContent {
public:
  Content(std::shared_ptr<const Archive> archive, const ArchiveMember& member)
      : archive_(std::move(archive)), member_(member) {}

  std::unique_ptr<support::ByteSource> open() const override {
    return archive_->contents_->open(member_.place, member_.entry.size);
  }
  std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                  std::uint64_t size) const override {
    return archive_->contents_->open(member_.place + offset, size);
  }
  Digest digest() const override { return member_.digest; }
  std::optional<oci::RawSha256> known_digest() const override {
    return oci::raw_sha256(member_.digest);
  }

private:
  std::shared_ptr<const Archive> archive_;
  const ArchiveMember& member_;  // of the archive
};

Archive::Archive(Origin origin, std::vector<ArchiveMember> members)
    : members_(std::move(members)), contents_(std::make_unique<Contents>(std::move(origin))) {}

Archive::~Archive() = default;

std::shared_ptr<const Archive> Archive::read(Origin origin) {
  std::shared_ptr<Archive> archive(new Archive(std::move(origin), {}));
  archive->members_ = archive->contents_->read();
  return archive;
}

std::shared_ptr<const oci::FileContent> Archive::content(const ArchiveMember& member) const {
  return std::make_shared<Content>(shared_from_this(), member);
}

std::string Archive::encode() const {
  oci::RecordWriter out(magic);
  std::string last;
  out.number(members_.size());
  for (const ArchiveMember& member : members_) {
    oci::write_entry(out, member.entry, last);
    if (!has_content(member.entry)) continue;
    out.number(member.place);
    out.digest(member.digest);
  }
  return out.finish();
}

std::shared_ptr<const Archive> Archive::decode(std::string_view bytes, Origin origin) {
  auto in = oci::RecordReader::open(bytes, magic);
  if (!in) return nullptr;
  std::vector<ArchiveMember> members;
  std::string last;
  for (std::uint64_t left = in->number(); left > 0; --left) {
    auto entry = oci::read_entry(*in, last);
    if (!entry) return nullptr;
    ArchiveMember member{.entry = std::move(*entry)};
    if (has_content(member.entry)) {
      member.place = in->number();
      member.digest = in->digest();
    }
    if (!in->ok()) return nullptr;
    members.push_back(std::move(member));
  }
  if (!in->ok() || !in->at_end()) return nullptr;
  return std::shared_ptr<Archive>(new Archive(std::move(origin), std::move(members)));
}

}  // namespace ocibuild::tar
