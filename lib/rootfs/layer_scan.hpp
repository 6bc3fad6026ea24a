// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <ocibuild/digest.hpp>
#include <ocibuild/image.hpp>

#include "rootfs/layer_index.hpp"
#include "support/bytes.hpp"

namespace ocibuild::rootfs {

/// Reads one layer blob once, as a stream: makes its index and verifies digest, size and diff_id on
/// the way.
///
/// Whiteouts and opaque marks (image-spec layer.md) become facts of the index; other names that
/// begin with ".wh..wh." belong to the storage driver that wrote them and are left out. Hard links
/// stay hard links, which View follows. A member below a symlink of the same layer is placed where
/// the link points.
/// @throws Error(Errc::failed, blob-corrupt, archive-invalid) naming `what`
std::shared_ptr<const LayerIndex> scan_layer(support::ByteSource& blob,
                                             const Descriptor& descriptor, const DiffId& diff_id,
                                             const std::string& what, std::stop_token stop = {});

}  // namespace ocibuild::rootfs
