// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <ocibuild/upkeep.hpp>

#include "store/oci_layout.hpp"

namespace ocibuild::store {

/// A file of a store or its cache directory.
struct InventoryFile {
  StoredItem item;
  std::filesystem::path path;
  /// Of a blob its own digest; of a layer or download record and of a chunk list that of the blob
  /// they are about. Else empty.
  Digest blob{};
  bool is_blob = false;
};

/// What a nameless entry of index.json reaches.
struct NamelessImage {
  Digest manifest;
  std::set<Digest> blobs;
};

struct Inventory {
  std::vector<InventoryFile> files;
  std::vector<NamelessImage> nameless;  ///< in the order of the index
};

/// Where the cache directory of a place is.
std::filesystem::path cache_directory(const StorePlace& place);

/// Looks at everything once. Files that vanish meanwhile are left out.
/// @throws as list_stored()
Inventory take_inventory(const OciLayout& layout, const std::filesystem::path& cache);

/// The digests of all blobs that an entry of an index reaches, itself included, there or not. A
/// document that is not there reaches nothing.
/// @throws Error(Errc::failed, blob-corrupt, manifest-invalid …) for a damaged document
std::set<Digest> reachable(const BlobStore& blobs, const Descriptor& entry);

/// Files named after a digest below ROOT/blobs, unsorted.
std::vector<std::pair<Digest, std::filesystem::path>> blob_files(const BlobStore& blobs);

}  // namespace ocibuild::store
