// SPDX-License-Identifier: Apache-2.0
#include "context/root_directory.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::context {

namespace {

constexpr std::size_t most_open = 16;
constexpr int file_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

RootDirectory::Opened open_at(const support::Fd& directory, const std::string& name, int flags) {
  support::Fd fd(::openat(directory.get(), name.c_str(), flags));
  const int error = fd.is_open() ? 0 : errno;
  return {std::move(fd), error};
}

/// One call instead of one a component, with the same meaning. Not open where that failed, for
/// whatever reason: kernels before 5.6 and filters of system calls do not have it.
support::Fd open_beneath(const support::Fd& directory, const oci::RootfsPath& path) {
  struct open_how how {};
  how.flags = file_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return support::Fd(static_cast<int>(
      ::syscall(SYS_openat2, directory.get(), path.str().c_str(), &how, sizeof(how))));
}

}  // namespace

FileStamp stamp_of(const struct stat& file) {
  const auto nanoseconds = [](const struct timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
  };
  return {.device = file.st_dev,
          .inode = file.st_ino,
          .size = static_cast<std::uint64_t>(file.st_size),
          .mtime_ns = nanoseconds(file.st_mtim),
          .ctime_ns = nanoseconds(file.st_ctim),
          .mode = file.st_mode};
}

RootDirectory::RootDirectory(std::filesystem::path path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_.is_open()) return;
  throw Error(Errc::failed, "context-missing",
              support::concat("cannot use ", support::quote(path_.native()),
                              " as build context: ", reason(errno)))
      .help("name the directory that holds the files to copy");
}

RootDirectory::Opened RootDirectory::open_directory(const oci::RootfsPath& path) const {
  // A descriptor of its own, also for the root: reading a directory moves its position.
  Opened out = open_at(fd_, ".", directory_flags);
  if (path.is_root()) return out;
  for (const std::string& component : support::split(path.str(), '/')) {
    if (!out.fd.is_open()) break;
    out = open_at(out.fd, component, directory_flags);
  }
  return out;
}

RootDirectory::Opened RootDirectory::open_file(const oci::RootfsPath& path) const {
  if (support::Fd fd = open_beneath(fd_, path); fd.is_open()) return {std::move(fd), 0};
  Opened directory = open_directory(path.parent());
  if (!directory.fd.is_open()) return directory;
  return open_at(directory.fd, std::string(path.name()), file_flags);
}

bool RootDirectory::has(const oci::RootfsPath& path) const {
  const Opened directory = open_directory(path.parent());
  struct stat file {};
  return directory.fd.is_open() && ::fstatat(directory.fd.get(), std::string(path.name()).c_str(),
                                             &file, AT_SYMLINK_NOFOLLOW) == 0;
}

std::filesystem::path RootDirectory::locate(const oci::RootfsPath& path) const {
  return path.is_root() ? path_ : path_ / path.str();
}

DirectoryWalk::At DirectoryWalk::open(const oci::RootfsPath& path) {
  while (!open_.empty() && (open_.back().path == path || !path.is_within(open_.back().path)))
    open_.pop_back();
  const auto enter = [&](oci::RootfsPath next, const std::string& name) {
    RootDirectory::Opened opened =
        open_at(open_.empty() ? root_.fd_ : open_.back().fd, name, directory_flags);
    if (!opened.fd.is_open()) return opened.error;
    if (open_.size() == most_open) open_.pop_back();
    open_.push_back({std::move(next), std::move(opened.fd)});
    return 0;
  };
  const oci::RootfsPath top;
  const auto at = [&]() -> const oci::RootfsPath& {
    return open_.empty() ? top : open_.back().path;
  };
  if (path.is_root()) {
    // A descriptor of its own: reading a directory moves its position.
    if (const int error = enter(path, ".")) return {.error = error};
  }
  for (std::string_view rest = path.relative_to(at()); !rest.empty();) {
    const std::string name(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    if (const int error = enter(at().child(name), name)) return {.error = error};
  }
  return {.fd = open_.back().fd.get()};
}

void throw_changed(const RootDirectory& root, const oci::RootfsPath& path) {
  throw Error(Errc::failed, "file-changed",
              support::concat(support::quote(root.locate(path).native()),
                              " changed while the build read it"))
      .help("build again when nothing writes to the build context");
}

void throw_unreadable(const RootDirectory& root, const oci::RootfsPath& path, int error_number) {
  if (error_number == ENOENT || error_number == ENOTDIR || error_number == ELOOP) {
    throw_changed(root, path);
  }
  Error error(Errc::failed, "file-unreadable",
              support::concat("cannot read ", support::quote(root.locate(path).native()), ": ",
                              reason(error_number)));
  if (error_number == EACCES || error_number == EPERM) {
    error.help(
        "make it readable for the user who builds, or name it in .dockerignore if the image "
        "does not need it");
  }
  throw error;
}

}  // namespace ocibuild::context
