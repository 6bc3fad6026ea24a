// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "context/ignore_rules.hpp"
#include "context/stat_index.hpp"
#include "oci/file_tree.hpp"

namespace ocibuild::context {

/// The build context as COPY sees it: a directory less what the ignore rules hide.
///
/// Directories are read when first asked for, each once. Entries have owner 0:0, the mode bits of
/// the disk, no extended attributes. mtime: whole seconds of the disk, cut. An excluded directory
/// exists if something below it is included. Never leaves `root`: no method follows a symlink, on
/// any component. Thread-safe.
class ContextTree final : public oci::FileTree {
public:
  /// `known` may be null; it must outlive the tree and every content taken from it. `readers`:
  /// threads that read directories ahead of each_child(), none if 0.
  /// @throws Error(Errc::failed, context-missing) if `root` is no directory
  ContextTree(std::filesystem::path root, IgnoreRules rules, StatIndex* known,
              unsigned readers = 0);
  ~ContextTree() override;

  std::optional<oci::TreeFile> lookup(const oci::RootfsPath& path) const override;
  std::vector<std::string> list(const oci::RootfsPath& directory) const override;
  /// The directories among the children are expected to be asked for next.
  void each_child(const oci::RootfsPath& directory,
                  const std::function<void(oci::TreeFile)>& visit) const override;

  /// each_child() will be asked for these directories and what is below them, one after the other;
  /// those that do not exist are left out. A hint: the threads begin with them before they are
  /// asked for.
  void expect(const std::vector<oci::RootfsPath>& directories) const;

  /// The ignore line that hides `path`, when the disk has such a path.
  std::optional<IgnoreRules::Culprit> hidden_by(const oci::RootfsPath& path) const;
  /// What hides paths from it.
  const IgnoreRules& rules() const;
  /// Entries met so far that the rules hide.
  std::uint64_t ignored() const;
  /// Sockets met so far (they are not copied): paths, for a warning.
  std::vector<std::string> sockets() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::context
