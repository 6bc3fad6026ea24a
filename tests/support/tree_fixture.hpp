// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "oci/file_tree.hpp"

namespace ocibuild::test {

/// Content held in memory.
std::shared_ptr<const oci::FileContent> text_content(std::string text);

/// Entries with short notation; owner 0:0, mtime 0.
oci::Entry file_entry(std::string_view path, std::size_t size, unsigned mode = 0644);
oci::Entry dir_entry(std::string_view path, unsigned mode = 0755);
oci::Entry symlink_entry(std::string_view path, std::string_view target);

/// A FileTree in memory. Parents are made as needed (0755).
class MemoryTree final : public oci::FileTree {
public:
  MemoryTree& file(std::string_view path, std::string text, unsigned mode = 0644);
  MemoryTree& dir(std::string_view path, unsigned mode = 0755);
  MemoryTree& symlink(std::string_view path, std::string_view target);
  MemoryTree& put(oci::TreeFile file);

  std::optional<oci::TreeFile> lookup(const oci::RootfsPath& path) const override;
  std::vector<std::string> list(const oci::RootfsPath& directory) const override;

private:
  std::map<oci::RootfsPath, oci::TreeFile> files_;
};

}  // namespace ocibuild::test
