// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/error.hpp>
#include <ocibuild/image.hpp>

#include "store/blob_store.hpp"

namespace ocibuild::store {

/// Where the blobs of an image are read from: a store, or an archive on its way in. Decides how
/// complaints about them sound.
class BlobOrigin {
public:
  virtual ~BlobOrigin() = default;
  virtual bool has(const Digest& digest) const = 0;
  /// @throws Error(Errc::failed) if the blob is not there, or not of the descriptor's size
  virtual void check(const Descriptor& descriptor) const = 0;
  /// The whole of a document, verified. @throws as check(); Error(Errc::failed, blob-corrupt)
  virtual std::string read(const Descriptor& descriptor, std::size_t limit) const = 0;
  /// @throws Error(Errc::failed): the documents contradict the specification or each other
  [[noreturn]] void invalid(std::string_view why) const { throw complaint(why); }

protected:
  virtual Error complaint(std::string_view why) const = 0;
};

/// The blobs of an OCI image layout directory.
class StoreOrigin final : public BlobOrigin {
public:
  /// `blobs` must outlive this. `invalid_id`: error id for documents that are wrong.
  StoreOrigin(const BlobStore& blobs, std::string_view invalid_id)
      : blobs_(blobs), invalid_id_(invalid_id) {}
  bool has(const Digest& digest) const override { return blobs_.size(digest).has_value(); }
  void check(const Descriptor& descriptor) const override;
  std::string read(const Descriptor& descriptor, std::size_t limit) const override;

private:
  Error complaint(std::string_view why) const override;

  const BlobStore& blobs_;
  std::string invalid_id_;
};

/// Documents, verified and parsed. A parser's complaint names the blob.
struct ManifestDocument {
  std::string json;
  Manifest manifest;
};
struct ConfigDocument {
  std::string json;
  ImageConfig config;
};
ManifestDocument read_manifest(const BlobOrigin& origin, const Descriptor& descriptor);
Index read_index(const BlobOrigin& origin, const Descriptor& descriptor);
ConfigDocument read_config(const BlobOrigin& origin, const Descriptor& descriptor);

/// True for a config that describes a root filesystem, not an artifact of another kind.
bool is_image_config(std::string_view media_type);

/// The manifests below an index that are there, in its order, without attestations; a manifest is
/// itself. @throws Error(Errc::failed) when there is none
std::vector<Descriptor> present_manifests(const BlobOrigin& origin, const Descriptor& image);

/// The manifest for `wanted`. Without it the one for the host's platform, else the first one that
/// is there; a manifest is itself. @throws Error(Errc::not_found, platform-missing)
Descriptor resolve_platform(const BlobOrigin& origin, const Descriptor& image,
                            const std::optional<Platform>& wanted = {});

/// "linux/amd64, linux/arm64" for a message.
std::string platforms_of(const std::vector<Descriptor>& manifests);

/// Every blob of some images, each once: index, manifest, config and layers in the order of the
/// documents. All are checked to be there; documents are verified, diff_ids counted.
///
/// What an index lists and the origin lacks (other platforms, attestations) is left out, as long
/// as one manifest is there. So are foreign layers with URLs.
class ImageBlobs {
public:
  explicit ImageBlobs(const BlobOrigin& origin) : origin_(origin) {}
  /// `image`: a manifest or an index.
  void add(const Descriptor& image) { add(image, 0); }
  const std::vector<Descriptor>& list() const { return list_; }

private:
  void add(const Descriptor& image, int depth);
  void add_index(const Descriptor& descriptor, int depth);
  void add_manifest(const Descriptor& descriptor);
  void add_layers(const Manifest& manifest);
  bool append(const Descriptor& descriptor);

  const BlobOrigin& origin_;
  std::set<Digest> seen_;
  std::vector<Descriptor> list_;
};

}  // namespace ocibuild::store
