// SPDX-License-Identifier: Apache-2.0
#include "context/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>

#include "oci/pieces.hpp"

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
  }

  std::size_t read(std::span<std::byte> buffer) override {
    if (left_ == 0) {
      check_stamp();
      return 0;
    }
    const auto most = std::min<std::uint64_t>(buffer.size(), left_);
    const ssize_t size = ::pread(fd_.get(), buffer.data(), most, static_cast<off_t>(offset_));
    if (size < 0 && errno == EINTR) return read(buffer);
    if (size < 0) {
      const int error = errno;
      check_stamp();  // another kind of file cannot be read so
      support::throw_errno("read", root_->locate(path_), error);
    }
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

oci::EntryType type_of(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return oci::EntryType::directory;
    case S_IFLNK:
      return oci::EntryType::symlink;
    case S_IFIFO:
      return oci::EntryType::fifo;
    case S_IFCHR:
      return oci::EntryType::character_device;
    case S_IFBLK:
      return oci::EntryType::block_device;
    default:
      return oci::EntryType::regular;
  }
}

/// Whole seconds, cut towards the past.
std::int64_t seconds(std::int64_t nanoseconds) {
  constexpr std::int64_t second = 1'000'000'000;
  return nanoseconds / second - (nanoseconds % second < 0 ? 1 : 0);
}

/// Every name but "." and "..", a zero byte behind each. Straight from the system: a DIR needs a
/// descriptor and 32 KiB of its own. @return the error number, 0 at the end
int read_names(int fd, std::string& out) {
  alignas(dirent64) std::array<char, 32 * 1024> buffer;
  for (;;) {
    const ssize_t size = ::getdents64(fd, buffer.data(), buffer.size());
    if (size <= 0) return size < 0 ? errno : 0;
    out.reserve(out.size() + static_cast<std::size_t>(size));  // their records are longer
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      const auto* item = reinterpret_cast<const dirent64*>(buffer.data() + at);
      const std::string_view name = item->d_name;
      if (name != "." && name != "..") out.append(name.data(), name.size() + 1);
      at += item->d_reclen;
    }
  }
}

}  // namespace

std::shared_ptr<Directory> Directory::read(std::shared_ptr<const RootDirectory> root,
                                           oci::RootfsPath path, int fd, StatIndex* known) {
  auto out = std::make_shared<Directory>();
  out->root = std::move(root);
  out->path = std::move(path);
  out->known = known;
  const int error = read_names(fd, out->texts);
  if (error != 0) throw_unreadable(*out->root, out->path, error);
  std::vector<std::uint32_t> names;
  names.reserve(static_cast<std::size_t>(std::ranges::count(out->texts, '\0')));
  for (std::size_t at = 0; at < out->texts.size(); at = out->texts.find('\0', at) + 1)
    names.push_back(static_cast<std::uint32_t>(at));
  std::ranges::sort(names, {},
                    [&](std::uint32_t at) { return std::string_view(out->texts.data() + at); });
  out->files.reserve(names.size());
  for (const std::uint32_t name : names) out->files.emplace_back(*out, name);
  std::erase_if(out->files, [&](DiskFile& file) { return !out->add_stat(file, fd); });
  return out;
}

/// False when the file is gone again.
bool Directory::add_stat(DiskFile& file, int fd) {
  const char* name = texts.data() + file.name_;
  struct stat found {};
  if (::fstatat(fd, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    throw_unreadable(*root, file.path(), errno);
  }
  file.stamp_ = stamp_of(found);
  file.has_links_ = S_ISREG(found.st_mode) && found.st_nlink > 1;
  if (S_ISCHR(found.st_mode) || S_ISBLK(found.st_mode)) {
    file.device_major_ = major(found.st_rdev);
    file.device_minor_ = minor(found.st_rdev);
  }
  if (S_ISLNK(found.st_mode)) {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(fd, name, target.data(), target.size());
    if (size < 0) throw_unreadable(*root, file.path(), errno == EINVAL ? ENOENT : errno);
    file.link_target_ = static_cast<std::uint32_t>(texts.size());
    texts.append(target.data(), static_cast<std::size_t>(size)) += '\0';
  }
  return true;
}

void Directory::apply(const IgnoreRules& rules, const IgnoreRules::Hits& hits) {
  for (DiskFile& file : files)
    file.hits = rules.is_empty() ? hits : rules.enter(hits, file.path().str());
}

DiskFile* Directory::find(std::string_view name) {
  const auto at = std::ranges::lower_bound(files, name, {}, &DiskFile::name);
  return at == files.end() || at->name() != name ? nullptr : &*at;
}

std::string_view DiskFile::name() const {
  return directory_->texts.data() + name_;
}

oci::RootfsPath DiskFile::path() const {
  return directory_->path.child(name());
}

oci::Entry DiskFile::entry(oci::RootfsPath path) const {
  oci::Entry out;
  out.path = std::move(path);
  out.type = type_of(stamp_.mode);
  out.mode = stamp_.mode & 07777;
  out.mtime = seconds(stamp_.mtime_ns);
  if (out.type == oci::EntryType::regular) out.size = stamp_.size;
  if (link_target_ != 0) out.link_target = directory_->texts.data() + link_target_;
  out.device_major = device_major_;
  out.device_minor = device_minor_;
  return out;
}

std::unique_ptr<support::ByteSource> DiskFile::open() const {
  return open_range(0, stamp_.size);
}

std::unique_ptr<support::ByteSource> DiskFile::open_range(std::uint64_t offset,
                                                          std::uint64_t size) const {
  return std::make_unique<DiskSource>(directory_->root, path(), stamp_, offset, size);
}

std::optional<oci::RawSha256> DiskFile::known_digest() const {
  StatIndex* const known = directory_->known;
  return known == nullptr ? std::nullopt : known->find(path().str(), stamp_);
}

Digest DiskFile::digest() const {
  if (const auto known = known_digest()) return oci::to_digest(*known);
  const auto source = open();
  Digest digest = oci::content_digest(*source);
  learn_digest(digest);
  return digest;
}

void DiskFile::learn_digest(const Digest& digest) const {
  if (directory_->known != nullptr) directory_->known->learn(path().str(), stamp_, digest);
}

}  // namespace ocibuild::context
