// SPDX-License-Identifier: Apache-2.0
#include "context/context_tree.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include <ocibuild/error.hpp>

#include "context/directory.hpp"
#include "context/read_ahead.hpp"
#include "context/root_directory.hpp"

namespace ocibuild::context {

using oci::RootfsPath;

/// Everything but the constructor's work, each_child() and file() is called with `mutex` held.
struct ContextTree::Impl {
  Impl(std::filesystem::path path, IgnoreRules some_rules, StatIndex* index, unsigned readers)
      : root(std::make_shared<const RootDirectory>(std::move(path))),
        rules(std::move(some_rules)),
        known(index),
        walk(*root),
        ahead(root, rules, index, readers) {}

  const std::shared_ptr<const RootDirectory> root;
  const IgnoreRules rules;
  StatIndex* const known;
  std::mutex mutex;
  DirectoryWalk walk;
  ReadAhead ahead;
  std::unordered_map<std::string_view, std::shared_ptr<Directory>> directories;  ///< by their path
  std::mutex inodes_mutex;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> inodes;  // (device, inode)
  std::uint64_t ignored = 0;
  std::set<std::string> sockets;

  /// Null unless the disk has a directory there that holds something visible, as far as the rules
  /// alone tell: what is hidden as a whole is never read.
  std::shared_ptr<Directory> directory(const RootfsPath& path) {
    const auto at = directories.find(path.str());
    if (at != directories.end()) return at->second;
    if (path.is_root()) return load(path, rules.root());
    const Found found = find(path);
    if (!found.file || !may_be_entered(path, *found.file)) return nullptr;
    return load(path, found.file->hits);
  }

  bool may_be_entered(const RootfsPath& path, const DiskFile& file) const {
    return S_ISDIR(file.stamp().mode) &&
           (!file.hits.excluded || rules.may_reinclude_below(path.str()));
  }

  struct Found {
    std::shared_ptr<Directory> directory{};
    DiskFile* file = nullptr;  ///< null unless there is one in a directory that may be entered
  };
  Found find(const RootfsPath& path) {
    if (path.is_root()) return {};
    std::shared_ptr<Directory> parent = directory(path.parent());
    DiskFile* file = parent ? parent->find(path.name()) : nullptr;
    return {std::move(parent), file};
  }

  std::shared_ptr<Directory> load(const RootfsPath& path, const IgnoreRules::Hits& hits) {
    auto out = ahead.take(path);
    if (!out) {
      out = read(path);
      out->apply(rules, hits);
    }
    std::erase_if(out->files, [&](const DiskFile& file) {
      const bool is_socket = S_ISSOCK(file.stamp().mode);
      if (is_socket && !file.hits.excluded) sockets.insert(file.path().str());
      return is_socket;
    });
    directories.emplace(out->path.str(), out);
    return out;
  }

  std::shared_ptr<Directory> read(const RootfsPath& path) {
    const DirectoryWalk::At at = walk.open(path);
    if (at.fd < 0) throw_unreadable(*root, path, at.error);
    return Directory::read(root, path, at.fd, known);
  }

  /// The visible children of `path`. `mutex` is not held here, and not while `visit` runs.
  void each_child(const RootfsPath& path, bool walks,
                  const std::function<void(oci::TreeFile)>& visit) {
    std::unique_lock lock(mutex);
    const std::shared_ptr<Directory> here = directory(path);
    if (!here) return;
    if (walks) ahead.want_below(*here);
    const auto hidden =
        std::ranges::count_if(here->files, [&](DiskFile& child) { return !is_visible(child); });
    if (!here->counted) ignored += static_cast<std::uint64_t>(hidden);
    here->counted = true;
    lock.unlock();
    for (const DiskFile& child : here->files) {
      if (*child.visible) visit(file(child.path(), here, child));
    }
  }

  /// An excluded directory is there if something below it is.
  bool is_visible(DiskFile& file) {
    if (!file.visible) file.visible = !file.hits.excluded || has_visible_child(file);
    return *file.visible;
  }

  bool has_visible_child(const DiskFile& file) {
    const RootfsPath path = file.path();
    if (!may_be_entered(path, file)) return false;
    const std::shared_ptr<Directory> here = directory(path);
    return here &&
           std::ranges::any_of(here->files, [&](DiskFile& child) { return is_visible(child); });
  }

  oci::TreeFile file(RootfsPath path, const std::shared_ptr<Directory>& in, const DiskFile& file) {
    oci::TreeFile out{.entry = file.entry(std::move(path))};
    if (out.entry.type == oci::EntryType::regular) out.content = {in, &file};
    if (file.has_links()) {
      const std::lock_guard lock(inodes_mutex);
      const std::pair identity(file.stamp().device, file.stamp().inode);
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

ContextTree::ContextTree(std::filesystem::path root, IgnoreRules rules, StatIndex* known,
                         unsigned readers)
    : impl_(std::make_unique<Impl>(std::move(root), std::move(rules), known, readers)) {}

ContextTree::~ContextTree() = default;

std::optional<oci::TreeFile> ContextTree::lookup(const RootfsPath& path) const {
  const std::lock_guard lock(impl_->mutex);
  if (path.is_root()) return impl_->root_file();
  const Impl::Found found = impl_->find(path);
  if (found.file == nullptr || !impl_->is_visible(*found.file)) return std::nullopt;
  return impl_->file(path, found.directory, *found.file);
}

std::vector<std::string> ContextTree::list(const RootfsPath& path) const {
  std::vector<std::string> names;
  impl_->each_child(path, false,
                    [&](const oci::TreeFile& file) { names.emplace_back(file.entry.path.name()); });
  return names;
}

void ContextTree::each_child(const RootfsPath& path,
                             const std::function<void(oci::TreeFile)>& visit) const {
  impl_->each_child(path, true, visit);
}

void ContextTree::expect(const std::vector<RootfsPath>& directories) const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<ReadAhead::Wanted> wanted;
  for (const RootfsPath& path : directories) {
    try {
      const Impl::Found found = impl_->find(path);
      if (found.file != nullptr && impl_->may_be_entered(path, *found.file))
        wanted.push_back({path, found.file->hits});
    } catch (const Error&) {
      continue;  // who asks for it meets the same error, and says it
    }
  }
  impl_->ahead.want_later(std::move(wanted));
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
