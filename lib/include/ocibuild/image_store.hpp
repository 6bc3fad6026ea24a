// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/image.hpp>
#include <ocibuild/reference.hpp>

namespace ocibuild {

/// An image of the store as its index lists it.
struct StoredImage {
  std::optional<Reference> name;  ///< absent for an image that lost its name
  Descriptor manifest;
};

/// An image of one platform with its documents.
struct ImageDetails {
  StoredImage image;
  std::string index_json{};   ///< the bytes of the index, when `image` is one; else empty
  Descriptor descriptor{};    ///< of the manifest; `image.manifest` itself when that is no index
  std::string manifest_json;  ///< the bytes that were hashed
  std::string config_json;
  Manifest manifest;
  ImageConfig config;
};

/// The local store: an OCI image layout that skopeo, umoci and others read as it is.
///
/// Any number of processes use one store at once; a reader never blocks a writer. Thread-safe.
class OCIBUILD_API ImageStore {
public:
  /// Opens `root`; a root that does not exist is an empty store, and is made by the first write.
  /// @throws Error(Errc::failed, store-invalid) if `root` is something else than an OCI layout
  explicit ImageStore(std::filesystem::path root);
  ~ImageStore();
  ImageStore(ImageStore&&) noexcept;
  ImageStore& operator=(ImageStore&&) noexcept;

  /// All images, sorted by name.
  std::vector<StoredImage> images() const;

  /// By name ("app", "ghcr.io/me/app:1"), by digest of manifest or config, or by a unique prefix of
  /// at least four hex digits of either.
  /// @throws Error(Errc::not_found, image-unknown) with the nearest name; Error(Errc::usage) for an
  /// ambiguous prefix
  StoredImage find(std::string_view name_or_id) const;

  /// Documents of one image. Of an index those for `platform`; without it the host's, else the
  /// first. @throws Error(Errc::failed, blob-corrupt, store-invalid) naming the blob,
  /// Error(Errc::not_found, platform-missing)
  ImageDetails details(const StoredImage& image,
                       const std::optional<Platform>& platform = {}) const;

  /// The manifests of an index that are in the store, each with its platform; a manifest is itself.
  std::vector<Descriptor> manifests(const StoredImage& image) const;

  /// Lets `name` point to `image`; a name that stood elsewhere moves.
  void tag(const StoredImage& image, const Reference& name);

  /// Removes one name; the blobs stay until the store is cleaned. False if there was no such name.
  bool untag(const Reference& name);

  /// Removes all names of the image with that manifest; returns how many there were (an image that
  /// was listed without a name counts as one).
  std::size_t remove(const Digest& manifest);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild
