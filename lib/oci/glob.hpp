// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/file_tree.hpp"
#include "oci/rootfs_path.hpp"

/// Wildcards in the sources of COPY and ADD (docs/reference/dockerfile.md, 12).
namespace ocibuild::oci {

/// True if `text` has a `*`, `?` or `[` that no backslash makes literal.
bool has_wildcard(std::string_view text);

/// Go's filepath.Match for one name. @throws Error(Errc::failed, pattern-invalid)
bool match_component(std::string_view pattern, std::string_view name);

/// A source cut before its first component with a wildcard.
struct SplitPattern {
  std::string fixed;  ///< a path, clean; backslashes in it are literal. "" is the root
  std::string rest;   ///< a pattern for paths below it; "" when there is no wildcard
};
/// `source` is taken from the root and cleaned first: "../a/./b*/c/" is "a" and "b*/c".
SplitPattern split_pattern(std::string_view source);

/// The paths below `base` that `rest` matches as a whole, in order of names, directory by
/// directory.
///
/// `base` is a resolved path: the caller follows its symlinks. Neither a symlink to a directory nor
/// a directory that matched is entered. @throws Error(Errc::failed, pattern-invalid)
std::vector<RootfsPath> expand(const FileTree& tree, const RootfsPath& base, std::string_view rest);

}  // namespace ocibuild::oci
