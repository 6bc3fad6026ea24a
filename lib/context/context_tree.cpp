// SPDX-License-Identifier: Apache-2.0
#include "context/context_tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include <ocibuild/error.hpp>

#include "context/disk_file.hpp"
#include "context/root_directory.hpp"

namespace ocibuild::context {

namespace {

using oci::RootfsPath;

/// A name in a directory as the disk has it, with what the rules say about it.
struct Child {
  std::string name;
  FileStamp stamp;
  bool several_names = false;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::string link_target{};
  IgnoreRules::Hits hits{};
  std::optional<bool> visible{};  // once asked for
};

struct Directory {
  std::vector<Child> children{};  // sorted by name
  bool counted = false;           // in Impl::ignored
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

struct CloseDir {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using DirHandle = std::unique_ptr<DIR, CloseDir>;

/// The names in an open directory, without "." and "..", sorted: the disk's order never matters.
std::vector<std::string> names_in(DIR* directory, const RootDirectory& root,
                                  const RootfsPath& path) {
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* item = ::readdir(directory);
    if (item == nullptr) break;
    const std::string_view name = item->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) throw_unreadable(root, path, errno);
  std::sort(names.begin(), names.end());
  return names;
}

/// Whole seconds, cut towards the past.
std::int64_t seconds(std::int64_t nanoseconds) {
  constexpr std::int64_t second = 1'000'000'000;
  return nanoseconds / second - (nanoseconds % second < 0 ? 1 : 0);
}

}  // namespace

/// Everything but the constructor's work is called with `mutex` held.
struct ContextTree::Impl {
  Impl(std::filesystem::path path, IgnoreRules some_rules, StatIndex* index)
      : root(std::make_shared<const RootDirectory>(std::move(path))),
        rules(std::move(some_rules)),
        known(index) {}

  const std::shared_ptr<const RootDirectory> root;
  const IgnoreRules rules;
  StatIndex* const known;
  std::mutex mutex;
  std::unordered_map<std::string, Directory> directories;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> inodes;  // (device, inode)
  std::uint64_t ignored = 0;
  std::set<std::string> sockets;

  /// Null unless the disk has a directory there that holds something visible, as far as the rules
  /// alone tell: what is hidden as a whole is never read.
  Directory* directory(const RootfsPath& path) {
    const auto at = directories.find(path.str());
    if (at != directories.end()) return &at->second;
    if (path.is_root()) return load(path, rules.root());
    const Child* child = find(path);
    if (child == nullptr || !may_be_entered(path, *child)) return nullptr;
    return load(path, child->hits);
  }

  bool may_be_entered(const RootfsPath& path, const Child& child) const {
    return S_ISDIR(child.stamp.mode) &&
           (!child.hits.excluded || rules.may_reinclude_below(path.str()));
  }

  /// Null unless the disk has such a file in a directory that may be entered, or for the root.
  Child* find(const RootfsPath& path) {
    if (path.is_root()) return nullptr;
    Directory* parent = directory(path.parent());
    if (parent == nullptr) return nullptr;
    const auto at = std::lower_bound(
        parent->children.begin(), parent->children.end(), path.name(),
        [](const Child& child, std::string_view name) { return child.name < name; });
    return at == parent->children.end() || at->name != path.name() ? nullptr : &*at;
  }

  Directory* load(const RootfsPath& path, const IgnoreRules::Hits& hits) {
    RootDirectory::Opened opened = root->open_directory(path);
    if (!opened.fd.is_open()) throw_unreadable(*root, path, opened.error);
    const DirHandle handle(::fdopendir(::fcntl(opened.fd.get(), F_DUPFD_CLOEXEC, 0)));
    if (!handle) throw_unreadable(*root, path, errno);
    Directory out;
    for (const std::string& name : names_in(handle.get(), *root, path)) {
      auto child = read_child(opened.fd.get(), path / name, name, hits);
      if (child) out.children.push_back(std::move(*child));
    }
    return &directories.insert_or_assign(path.str(), std::move(out)).first->second;
  }

  /// Nothing for a file that is gone again, and for sockets, which are only remembered.
  std::optional<Child> read_child(int fd, const RootfsPath& path, const std::string& name,
                                  const IgnoreRules::Hits& parent) {
    struct stat file {};
    if (::fstatat(fd, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return std::nullopt;
      throw_unreadable(*root, path, errno);
    }
    Child child{.name = name, .stamp = stamp_of(file)};
    child.hits = rules.enter(parent, path.str());
    if (S_ISSOCK(file.st_mode)) {
      if (!child.hits.excluded) sockets.insert(path.str());
      return std::nullopt;
    }
    child.several_names = S_ISREG(file.st_mode) && file.st_nlink > 1;
    if (S_ISCHR(file.st_mode) || S_ISBLK(file.st_mode)) {
      child.device_major = major(file.st_rdev);
      child.device_minor = minor(file.st_rdev);
    }
    if (S_ISLNK(file.st_mode)) child.link_target = read_link(fd, child.name, path);
    return child;
  }

  std::string read_link(int fd, const std::string& name, const RootfsPath& path) const {
    std::array<char, PATH_MAX> target{};
    const ssize_t size = ::readlinkat(fd, name.c_str(), target.data(), target.size());
    if (size < 0) throw_unreadable(*root, path, errno == EINVAL ? ENOENT : errno);
    return {target.data(), static_cast<std::size_t>(size)};
  }

  /// An excluded directory is there if something below it is.
  bool is_visible(const RootfsPath& path, Child& child) {
    if (!child.visible) {
      child.visible =
          !child.hits.excluded || (may_be_entered(path, child) && has_visible_child(path));
    }
    return *child.visible;
  }

  bool has_visible_child(const RootfsPath& path) {
    Directory* here = directory(path);
    return here != nullptr &&
           std::any_of(here->children.begin(), here->children.end(),
                       [&](Child& child) { return is_visible(path / child.name, child); });
  }

  oci::TreeFile file(const RootfsPath& path, const Child& child) {
    oci::TreeFile out;
    out.entry.path = path;
    out.entry.type = type_of(child.stamp.mode);
    out.entry.mode = child.stamp.mode & 07777;
    out.entry.mtime = seconds(child.stamp.mtime_ns);
    out.entry.link_target = child.link_target;
    out.entry.device_major = child.device_major;
    out.entry.device_minor = child.device_minor;
    if (out.entry.type == oci::EntryType::regular) {
      out.entry.size = child.stamp.size;
      out.content = std::make_shared<DiskFile>(root, path, child.stamp, known);
    }
    if (child.several_names) {
      const std::pair identity(child.stamp.device, child.stamp.inode);
      out.inode = inodes.try_emplace(identity, inodes.size() + 1).first->second;
    }
    return out;
  }

  oci::TreeFile root_file() const {
    const RootDirectory::Opened opened = root->open_directory({});
    struct stat file {};
    if (!opened.fd.is_open()) throw_unreadable(*root, {}, opened.error);
    if (::fstat(opened.fd.get(), &file) != 0) throw_unreadable(*root, {}, errno);
    oci::TreeFile out;
    out.entry.type = oci::EntryType::directory;
    out.entry.mode = file.st_mode & 07777;
    out.entry.mtime = file.st_mtim.tv_sec;
    return out;
  }
};

ContextTree::ContextTree(std::filesystem::path root, IgnoreRules rules, StatIndex* known)
    : impl_(std::make_unique<Impl>(std::move(root), std::move(rules), known)) {}

ContextTree::~ContextTree() = default;

std::optional<oci::TreeFile> ContextTree::lookup(const RootfsPath& path) const {
  const std::lock_guard lock(impl_->mutex);
  if (path.is_root()) return impl_->root_file();
  Child* child = impl_->find(path);
  if (child == nullptr || !impl_->is_visible(path, *child)) return std::nullopt;
  return impl_->file(path, *child);
}

std::vector<std::string> ContextTree::list(const RootfsPath& path) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<std::string> names;
  Directory* directory = impl_->directory(path);
  if (directory == nullptr) return names;
  for (Child& child : directory->children) {
    if (impl_->is_visible(path / child.name, child)) {
      names.push_back(child.name);
    } else if (!directory->counted) {
      ++impl_->ignored;
    }
  }
  directory->counted = true;
  return names;
}

const IgnoreRules& ContextTree::rules() const {
  return impl_->rules;
}

std::optional<IgnoreRules::Culprit> ContextTree::hidden_by(const RootfsPath& path) const {
  if (path.is_root() || !impl_->root->has(path) || lookup(path)) return std::nullopt;
  return impl_->rules.culprit(path.str());
}

std::uint64_t ContextTree::ignored() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->ignored;
}

std::vector<std::string> ContextTree::sockets() const {
  const std::lock_guard lock(impl_->mutex);
  return {impl_->sockets.begin(), impl_->sockets.end()};
}

}  // namespace ocibuild::context
