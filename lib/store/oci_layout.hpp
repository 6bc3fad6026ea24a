// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include <ocibuild/image.hpp>

#include "store/blob_store.hpp"

namespace ocibuild::store {

inline constexpr std::string_view ref_name_annotation = "org.opencontainers.image.ref.name";

/// An OCI image layout directory (image-spec image-layout.md): oci-layout, index.json, blobs.
class OciLayout {
 public:
  /// @throws Error(Errc::failed, store-invalid) if `root` holds something else than an OCI layout.
  /// A root that does not exist or is empty is an empty layout, made by the first write.
  explicit OciLayout(std::filesystem::path root);

  const BlobStore& blobs() const { return blobs_; }
  const std::filesystem::path& root() const { return blobs_.root(); }
  /// The index as it is now; reading takes no lock.
  Index read_index() const;
  /// Reads, lets `change` edit, and replaces index.json by rename, all under the lock of this
  /// layout.
  void update_index(const std::function<void(Index&)>& change);
  /// Lets `name` (may be empty) point to `manifest`; an entry of that name is replaced.
  void set_name(const Descriptor& manifest, const std::string& name);

 private:
  void create_when_missing() const;
  BlobStore blobs_;
};

}  // namespace ocibuild::store
