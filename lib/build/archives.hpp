// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "oci/file_tree.hpp"
#include "store/build_cache.hpp"
#include "tar/archive.hpp"

namespace ocibuild::engine {

/// The archives that ADD unpacks, each read once; what they hold is remembered in the cache, so
/// that the next build does not read them at all. Not thread-safe.
class Archives {
public:
  /// `scratch`: directory for uncompressed contents. `cache` must outlive this.
  Archives(const store::BuildCache& cache, std::filesystem::path scratch, std::stop_token stop)
      : cache_(cache), scratch_(std::move(scratch)), stop_(std::move(stop)) {}

  /// Null unless `file` is a regular file that holds a tar, plain or compressed; its name does not
  /// matter (docs/reference/dockerfile.md, 9.2). `what` names it in errors.
  /// @throws Error(Errc::failed) as tar::Archive::read
  std::shared_ptr<const tar::Archive> open(const oci::TreeFile& file, const std::string& what);

private:
  const store::BuildCache& cache_;
  const std::filesystem::path scratch_;
  const std::stop_token stop_;
  std::map<Digest, std::shared_ptr<const tar::Archive>> open_;  // by content
};

}  // namespace ocibuild::engine
