// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>

#include "context/context_tree.hpp"
#include "rootfs/view.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// The build context and what --build-context names. Directories have their own ignore rules and
/// their own index of known contents; images are only named here.
class Contexts {
public:
  /// `rules`: of the build context. @throws Error(Errc::failed, context-missing) for a directory
  /// or layout, Error(Errc::usage, context-name-invalid)
  /// `files`: the build context itself, when that is no directory.
  Contexts(const BuildRequest& request, context::IgnoreRules rules,
           std::optional<rootfs::View> files, const store::BuildCache& cache);

  /// The files of the build context.
  const oci::FileTree& main() const;
  /// The same with its rules; null when it is no directory: then it has none.
  const context::ContextTree* main_directory() const { return main_ ? &main_->tree : nullptr; }
  /// `key`: one of keys_of().
  const BuildContext& named(const std::string& key) const { return *named_.at(key); }
  /// The files of a named context; null for an image.
  const context::ContextTree* directory(const std::string& key) const;

  /// The names of the request's --build-context as the plan compares them.
  static std::set<std::string> keys_of(const BuildRequest& request);

  /// Sockets met so far, which are not copied.
  std::vector<std::string> sockets() const;
  /// Remembers the contents that were read, for the next build.
  void save_known_contents() noexcept;

private:
  struct Directory {
    Directory(const std::filesystem::path& path, context::IgnoreRules rules,
              const store::BuildCache& cache, unsigned readers);
    context::StatIndex known;
    context::ContextTree tree;
  };
  const std::optional<rootfs::View> files_;
  std::unique_ptr<Directory> main_;                                ///< null when there is files_
  std::map<std::string, const BuildContext*> named_;               ///< by key
  std::map<std::string, std::unique_ptr<Directory>> directories_;  ///< by key
};

}  // namespace ocibuild::engine
