// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "context/ignore_rules.hpp"
#include "context/root_directory.hpp"
#include "context/stat_index.hpp"
#include "oci/file_tree.hpp"

namespace ocibuild::context {

struct Directory;

/// A file as its directory had it when that was read. As content it is the file with that stamp, or
/// an error. Lives in its directory, since there are many: a pointer to it shares the ownership of
/// that. Thread-safe but for what the tree remembers about it.
class DiskFile final : public oci::FileContent {
public:
  DiskFile(const Directory& in, std::uint32_t name) : directory_(&in), name_(name) {}

  std::string_view name() const;
  oci::RootfsPath path() const;
  const FileStamp& stamp() const { return stamp_; }
  /// `path`: its own. Everything that `content` and `inode` of a TreeFile do not say.
  oci::Entry entry(oci::RootfsPath path) const;
  /// A regular file with other names.
  bool has_links() const { return has_links_; }

  /// The stamp is compared after the last byte: it covers all that happened since it was taken.
  std::unique_ptr<support::ByteSource> open() const override;
  std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                  std::uint64_t size) const override;
  bool is_plain() const override { return true; }
  /// From the index when it knows the file; otherwise reads it, and the index learns.
  Digest digest() const override;
  std::optional<oci::RawSha256> known_digest() const override;
  void learn_digest(const Digest& digest) const override;

  IgnoreRules::Hits hits{};       ///< what the tree's rules say
  std::optional<bool> visible{};  ///< once the tree was asked

private:
  friend struct Directory;
  const Directory* directory_;
  FileStamp stamp_;
  std::uint32_t name_;  ///< in the directory's texts, as the next
  std::uint32_t link_target_ = 0;
  std::uint32_t device_major_ = 0;
  std::uint32_t device_minor_ = 0;
  bool has_links_ = false;
};

/// One directory of the context.
struct Directory {
  /// `fd`: of the directory, which nobody has read from. Files that vanish meanwhile are left out.
  /// `known` may be null; it must outlive this. @throws what throw_unreadable() does
  static std::shared_ptr<Directory> read(std::shared_ptr<const RootDirectory> root,
                                         oci::RootfsPath path, int fd, StatIndex* known);

  /// Tells each file what the rules say of it. `hits`: of this directory.
  void apply(const IgnoreRules& rules, const IgnoreRules::Hits& hits);
  /// Null when there is none of that name.
  DiskFile* find(std::string_view name);

  std::shared_ptr<const RootDirectory> root;
  oci::RootfsPath path;
  StatIndex* known = nullptr;
  std::string texts;            ///< names and link targets, a zero byte behind each
  std::vector<DiskFile> files;  ///< sorted by name: the disk's order never matters
  bool counted = false;         ///< by the tree, in what it ignored

private:
  bool add_stat(DiskFile& file, int fd);
};

}  // namespace ocibuild::context
