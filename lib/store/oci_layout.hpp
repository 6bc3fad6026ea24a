// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <ocibuild/image.hpp>
#include <ocibuild/reference.hpp>

#include "store/blob_store.hpp"
#include "store/entry_name.hpp"

namespace ocibuild::store {

/// Images that lost their name and are still listed; the oldest beyond these are forgotten (their
/// blobs then belong to nobody), so that the index of a store that is never cleaned stays small.
inline constexpr std::size_t most_nameless = 512;

/// An OCI image layout directory (image-spec image-layout.md): oci-layout, index.json, blobs.
///
/// What is ours alone (the lock, temporary files) is in ROOT/.ocibuild, which other tools ignore.
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
  /// Lets `name` (may be empty) point to `manifest`; an entry of that name is replaced, see
  /// assign_name.
  void set_name(const Descriptor& manifest, const std::string& name);
  /// The name of an entry of this layout's index.
  std::optional<Reference> name_of(const Descriptor& entry) const;

private:
  void create_when_missing() const;
  BlobStore blobs_;
};

/// The content of an oci-layout file.
std::string layout_marker();
/// Refuses all but version 1; who calls says which layout it is.
/// @throws Error(Errc::failed, json-invalid)
void check_layout_marker(std::string_view json);

}  // namespace ocibuild::store
