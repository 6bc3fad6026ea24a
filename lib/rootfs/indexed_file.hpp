// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <ocibuild/digest.hpp>

#include "oci/entry.hpp"
#include "oci/file_tree.hpp"

namespace ocibuild::rootfs {

/// One entry of a layer with what is needed to read it.
struct IndexedFile {
  oci::Entry entry;
  std::optional<Digest> digest{};  ///< of the content; regular files of scanned layers
  std::uint64_t offset = 0;        ///< of the content in the uncompressed tar; scanned layers
  /// Set for layers that this build makes; scanned layers read through their LayerContents.
  std::shared_ptr<const oci::FileContent> content{};
};

}  // namespace ocibuild::rootfs
