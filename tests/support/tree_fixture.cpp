// SPDX-License-Identifier: Apache-2.0
#include "support/tree_fixture.hpp"

#include "oci/memory_content.hpp"

namespace ocibuild::test {

std::shared_ptr<const oci::FileContent> text_content(std::string text) {
  return std::make_shared<oci::MemoryContent>(std::move(text));
}

oci::Entry file_entry(std::string_view path, std::size_t size, unsigned mode) {
  oci::Entry entry;
  entry.path = oci::RootfsPath(path);
  entry.size = size;
  entry.mode = mode;
  return entry;
}

oci::Entry dir_entry(std::string_view path, unsigned mode) {
  oci::Entry entry = file_entry(path, 0, mode);
  entry.type = oci::EntryType::directory;
  return entry;
}

oci::Entry symlink_entry(std::string_view path, std::string_view target) {
  oci::Entry entry = file_entry(path, 0, 0777);
  entry.type = oci::EntryType::symlink;
  entry.link_target = target;
  return entry;
}

MemoryTree& MemoryTree::put(oci::TreeFile file) {
  for (const oci::RootfsPath& parent : file.entry.path.parents()) {
    files_.try_emplace(parent, oci::TreeFile{.entry = dir_entry(parent.str())});
  }
  files_.insert_or_assign(file.entry.path, std::move(file));
  return *this;
}

MemoryTree& MemoryTree::file(std::string_view path, std::string text, unsigned mode) {
  const std::size_t size = text.size();
  return put({.entry = file_entry(path, size, mode), .content = text_content(std::move(text))});
}

MemoryTree& MemoryTree::dir(std::string_view path, unsigned mode) {
  return put({.entry = dir_entry(path, mode)});
}

MemoryTree& MemoryTree::symlink(std::string_view path, std::string_view target) {
  return put({.entry = symlink_entry(path, target)});
}

std::optional<oci::TreeFile> MemoryTree::lookup(const oci::RootfsPath& path) const {
  if (path.is_root()) return oci::TreeFile{.entry = dir_entry("")};
  const auto at = files_.find(path);
  return at == files_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<std::string> MemoryTree::list(const oci::RootfsPath& directory) const {
  std::vector<std::string> names;
  for (const auto& [path, file] : files_) {
    if (path.parent() == directory) names.emplace_back(path.name());
  }
  return names;
}

}  // namespace ocibuild::test
