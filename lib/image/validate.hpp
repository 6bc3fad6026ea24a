// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ocibuild/image.hpp>

#include "support/bytes.hpp"

namespace ocibuild::image {

/// How validate() reads blobs. Both throw Error(Errc::failed) for a missing or damaged blob.
struct BlobAccess {
  std::function<std::unique_ptr<support::ByteSource>(const Descriptor&)> open;  ///< bytes as stored
  std::function<std::unique_ptr<support::ByteSource>(const Descriptor&)>
      uncompressed;  ///< of a layer
};

/// Every way in which the image under `manifest` is not what its documents say: digests and sizes
/// of all blobs, diff_ids, media types, number of layers against history. Empty when all is well.
std::vector<std::string> validate(const Descriptor& manifest, const BlobAccess& blobs);

}  // namespace ocibuild::image
