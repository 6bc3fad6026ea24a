// SPDX-License-Identifier: Apache-2.0
#include "build/push_contents.hpp"

#include <set>

#include "oci/image_json.hpp"

namespace ocibuild::engine {

namespace {

class Reader {
public:
  explicit Reader(const store::BlobStore& blobs) : blobs_(blobs) {}

  PushContents read(const Descriptor& image) {
    add(image);
    return std::move(out_);
  }

private:
  void add(const Descriptor& image) {
    if (!seen_.insert(image.digest).second) return;
    registry::Document document{image, blobs_.read(image, oci::manifest_limit)};
    if (oci::is_index(image.media_type)) {
      for (const Descriptor& child : oci::parse_index(document.bytes).manifests) {
        if (blobs_.has(child)) {
          add(child);
        } else {
          out_.absent.push_back(child);
        }
      }
    }
    for (Descriptor& blob : blobs_of(document)) {
      if (seen_.insert(blob.digest).second) out_.blobs.push_back(std::move(blob));
    }
    out_.documents.push_back(std::move(document));
  }

  const store::BlobStore& blobs_;
  std::set<Digest> seen_;
  PushContents out_;
};

}  // namespace

PushContents read_contents(const store::BlobStore& blobs, const Descriptor& image) {
  return Reader(blobs).read(image);
}

std::vector<Descriptor> blobs_of(const registry::Document& document) {
  if (oci::is_index(document.descriptor.media_type)) return {};
  Manifest manifest = oci::parse_manifest(document.bytes);
  std::vector<Descriptor> out;
  out.push_back(std::move(manifest.config));
  for (Descriptor& layer : manifest.layers) {
    if (!oci::stays_at_urls(layer)) out.push_back(std::move(layer));
  }
  return out;
}

}  // namespace ocibuild::engine
