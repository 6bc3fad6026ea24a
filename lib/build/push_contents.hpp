// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "registry/manifests.hpp"
#include "store/blob_store.hpp"

namespace ocibuild::engine {

/// The documents of an image in the order in which they must arrive, and the blobs they name
/// (docs/reference/registry.md, U1).
struct PushContents {
  std::vector<registry::Document> documents{};  ///< children before their index; the image is last
  std::vector<Descriptor> blobs{};              ///< each once; without foreign layers
  std::vector<Descriptor> absent{};  ///< children of the index that the store does not have
};

/// @throws Error(Errc::failed, blob-missing, blob-corrupt, json-invalid)
PushContents read_contents(const store::BlobStore& blobs, const Descriptor& image);

/// The blobs that a manifest names, config first; of an index none. Foreign layers are left out.
std::vector<Descriptor> blobs_of(const registry::Document& document);

}  // namespace ocibuild::engine
