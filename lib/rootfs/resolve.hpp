// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "oci/file_tree.hpp"

namespace ocibuild::rootfs {

/// Follows every symlink in `path`, the last component included, inside the tree: ".." stops at the
/// root, absolute targets restart at it. Components that do not exist are kept as they are, so the
/// result names where a file would be made. @throws Error(Errc::failed, symlink-loop) naming the
/// path after 255 links
oci::RootfsPath resolve(const oci::FileLookup& tree, const oci::RootfsPath& path);

/// The same, but a symlink as last component is left alone.
oci::RootfsPath resolve_parents(const oci::FileLookup& tree, const oci::RootfsPath& path);

/// The file behind `path` after all symlinks, or nothing.
std::optional<oci::TreeFile> find(const oci::FileLookup& tree, const oci::RootfsPath& path);

}  // namespace ocibuild::rootfs
