// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>

#include "rootfs/view.hpp"

namespace ocibuild::engine {

/// The files of a build context that is a tar, plain or compressed, in the open file `fd`, which is
/// read in place: nothing but its contents in a row, in a nameless file in `scratch`, is written.
/// All files belong to 0:0 and have no extended attributes, as those of a directory. Nothing when
/// the file is no tar. @throws as tar::Archive::read
std::optional<rootfs::View> read_tar_context(int fd, const std::filesystem::path& scratch);

}  // namespace ocibuild::engine
