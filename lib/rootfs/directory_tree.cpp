// SPDX-License-Identifier: Apache-2.0
#include "rootfs/directory_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::EntryType;
using support::concat;
using support::throw_errno;

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// A name in a directory that goes again unless it was given its own.
class TemporaryName {
public:
  TemporaryName(int directory, std::string name) : directory_(directory), name_(std::move(name)) {}
  ~TemporaryName() { ::unlinkat(directory_, name_.c_str(), 0); }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;
  const std::string& str() const { return name_; }

private:
  const int directory_;
  const std::string name_;
};

std::array<timespec, 2> times_of(const oci::Entry& entry) {
  const timespec time{entry.mtime, 0};
  return {time, time};
}

/// What this user or file system does not take is left out, as other exporters do.
void set_attributes(int fd, const oci::Entry& entry) {
  for (const auto& [name, value] : entry.xattrs)
    ::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0);
}

/// Mode behind the attributes: a mode without w forbids to set them.
void set_metadata(int fd, const oci::Entry& entry, const std::filesystem::path& shown) {
  set_attributes(fd, entry);
  if (::fchmod(fd, entry.mode) != 0) throw_errno("set the mode of", shown, errno);
  if (::futimens(fd, times_of(entry).data()) != 0) throw_errno("set the time of", shown, errno);
}

bool is_directory(int directory, const std::string& name) {
  struct stat found {};
  return ::fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(found.st_mode);
}

[[noreturn]] void throw_no_device(const std::filesystem::path& shown) {
  throw Error(Errc::failed, "output-needs-root",
              concat("cannot make the device ", support::quote(shown.native()),
                     ": only root may make devices"))
      .help("a tar keeps them:  -o type=tar,dest=FILE");
}

}  // namespace

DirectoryTree::DirectoryTree(std::filesystem::path top) : top_(std::move(top)) {
  std::error_code error;
  std::filesystem::create_directories(top_, error);
  support::Fd fd(::open(top_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) throw_errno("open directory", top_, error ? error.value() : errno);
  open_.push_back(std::move(fd));
}

void DirectoryTree::enter(const oci::Entry& directory) {
  const std::string name(directory.path.name());
  if (!is_directory(here(), name)) {
    if (::unlinkat(here(), name.c_str(), 0) != 0 && errno != ENOENT)
      throw_errno("remove", shown(directory), errno);
    if (::mkdirat(here(), name.c_str(), 0700) != 0)
      throw_errno("create directory", shown(directory), errno);
  }
  support::Fd fd(::openat(here(), name.c_str(), directory_flags));
  if (!fd.is_open()) throw_errno("open directory", shown(directory), errno);
  // The image's own mode comes when all is there: it may not let us write.
  struct stat found {};
  if (::fstat(fd.get(), &found) != 0 || ::fchmod(fd.get(), (found.st_mode & 07777) | 0700) != 0)
    throw_errno("set the mode of", shown(directory), errno);
  open_.push_back(std::move(fd));
}

void DirectoryTree::leave(const oci::Entry& directory) {
  set_metadata(here(), directory, shown(directory));
  open_.pop_back();
}

void DirectoryTree::add(const oci::Entry& entry, support::ByteSource& content) {
  const std::string name(entry.path.name());
  if (is_directory(here(), name)) {
    throw Error(
        Errc::failed, "output-in-the-way",
        concat("cannot write ", support::quote(shown(entry).native()), ": a directory is there"))
        .help("remove it, or name another directory");
  }
  const TemporaryName temporary(here(), temporary_name());
  make(entry, temporary.str(), content);
  if (::renameat(here(), temporary.str().c_str(), here(), name.c_str()) != 0)
    throw_errno("rename to", shown(entry), errno);
}

std::string DirectoryTree::temporary_name() {
  for (;;) {
    std::string name = concat(".ocibuild-", ::getpid(), '-', names_++);
    struct stat found {};
    if (::fstatat(here(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return name;
  }
}

void DirectoryTree::make(const oci::Entry& entry, const std::string& name,
                         support::ByteSource& content) {
  switch (entry.type) {
    case EntryType::regular:
      return make_file(entry, name, content);
    case EntryType::hard_link:
      return make_link(entry, name);
    case EntryType::symlink:
      if (::symlinkat(entry.link_target.c_str(), here(), name.c_str()) != 0)
        throw_errno("create link", shown(entry), errno);
      break;
    default: {
      const bool fifo = entry.type == EntryType::fifo;
      const mode_t type =
          fifo ? S_IFIFO : (entry.type == EntryType::block_device ? S_IFBLK : S_IFCHR);
      const dev_t device = makedev(entry.device_major, entry.device_minor);
      if (::mknodat(here(), name.c_str(), type | 0600, device) != 0) {
        if (!fifo && errno == EPERM) throw_no_device(shown(entry));
        throw_errno("create", shown(entry), errno);
      }
      if (::fchmodat(here(), name.c_str(), entry.mode, 0) != 0)
        throw_errno("set the mode of", shown(entry), errno);
    }
  }
  if (::utimensat(here(), name.c_str(), times_of(entry).data(), AT_SYMLINK_NOFOLLOW) != 0)
    throw_errno("set the time of", shown(entry), errno);
}

void DirectoryTree::make_file(const oci::Entry& entry, const std::string& name,
                              support::ByteSource& content) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const support::Fd fd(::openat(here(), name.c_str(), flags, 0600));
  if (!fd.is_open()) throw_errno("create", shown(entry), errno);
  support::FdSink out(fd.get(), shown(entry));
  support::copy(content, out);
  set_metadata(fd.get(), entry, shown(entry));
}

void DirectoryTree::make_link(const oci::Entry& entry, const std::string& name) {
  const oci::RootfsPath target(entry.link_target);
  const support::Fd parent = open_parent(target);
  if (::linkat(parent.get(), std::string(target.name()).c_str(), here(), name.c_str(), 0) != 0)
    throw_errno("create link", shown(entry), errno);
}

/// Component by component: what we made may have been replaced by a link meanwhile.
support::Fd DirectoryTree::open_parent(const oci::RootfsPath& path) const {
  support::Fd fd(::openat(open_.front().get(), ".", directory_flags));
  for (const oci::RootfsPath& parent : path.parents()) {
    if (fd.is_open())
      fd = support::Fd(::openat(fd.get(), std::string(parent.name()).c_str(), directory_flags));
  }
  if (!fd.is_open()) throw_errno("open directory", top_ / path.parent().str(), errno);
  return fd;
}

}  // namespace ocibuild::rootfs
