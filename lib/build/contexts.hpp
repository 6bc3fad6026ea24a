// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>

#include "context/context_tree.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// The directories a build reads: the build context and those of --build-context, each with its own
/// ignore rules and its own index of known contents.
class Contexts {
public:
  /// `rules`: of the build context. @throws Error(Errc::failed, context-missing)
  Contexts(const BuildRequest& request, context::IgnoreRules rules, const store::BuildCache& cache);

  const context::ContextTree& main() const { return main_->tree; }
  /// `name`: lower case, one of names_of().
  const context::ContextTree& named(const std::string& name) const { return named_.at(name)->tree; }

  /// Lower-case names of the request's --build-context.
  static std::set<std::string> names_of(const BuildRequest& request);

  /// Sockets met so far, which are not copied.
  std::vector<std::string> sockets() const;
  /// Remembers the contents that were read, for the next build.
  void save_known_contents() noexcept;

private:
  struct Directory {
    Directory(const std::filesystem::path& path, context::IgnoreRules rules,
              const store::BuildCache& cache);
    context::StatIndex known;
    context::ContextTree tree;
  };
  std::unique_ptr<Directory> main_;
  std::map<std::string, std::unique_ptr<Directory>> named_;
};

}  // namespace ocibuild::engine
