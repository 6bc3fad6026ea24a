// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/image_store.hpp>

#include <algorithm>
#include <tuple>

#include <ocibuild/error.hpp>

#include "store/blob_origin.hpp"
#include "store/hold.hpp"
#include "store/image_details.hpp"
#include "store/image_search.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild {

using store::OciLayout;
using store::StoreOrigin;

struct ImageStore::Impl {
  OciLayout layout;

  StoreOrigin origin() const { return {layout.blobs(), "store-invalid"}; }

  bool has_name(const Descriptor& entry, const Reference& name) const {
    return layout.name_of(entry) == name;
  }

  /// Removes the entries that `chosen` picks. A store without any is not touched, so that asking
  /// in vain makes no store and needs no permission.
  template <typename Chosen>
  std::size_t remove_entries(const Chosen& chosen) {
    const Index now = layout.read_index();
    if (std::none_of(now.manifests.begin(), now.manifests.end(), chosen)) return 0;
    std::size_t removed = 0;
    layout.update_index([&](Index& index) { removed = std::erase_if(index.manifests, chosen); });
    return removed;
  }
};

ImageStore::ImageStore(std::filesystem::path root)
    : impl_(std::make_unique<Impl>(Impl{OciLayout(std::move(root))})) {}
ImageStore::~ImageStore() = default;
ImageStore::ImageStore(ImageStore&&) noexcept = default;
ImageStore& ImageStore::operator=(ImageStore&&) noexcept = default;

std::vector<StoredImage> ImageStore::images() const {
  std::vector<StoredImage> out;
  for (const Descriptor& entry : impl_->layout.read_index().manifests)
    out.push_back({impl_->layout.name_of(entry), store::without_name(entry)});
  std::sort(out.begin(), out.end(), [](const StoredImage& a, const StoredImage& b) {
    const auto key = [](const StoredImage& image) {  // nameless ones last
      return std::tuple(!image.name, image.name ? image.name->str() : "",
                        image.manifest.digest.str());
    };
    return key(a) < key(b);
  });
  return out;
}

StoredImage ImageStore::find(std::string_view name_or_id) const {
  return store::find_image(images(), impl_->origin(), name_or_id, impl_->layout.root());
}

ImageDetails ImageStore::details(const StoredImage& image,
                                 const std::optional<Platform>& platform) const {
  return store::read_details(impl_->origin(), image, platform);
}

std::vector<Descriptor> ImageStore::manifests(const StoredImage& image) const {
  return store::present_manifests(impl_->origin(), image.manifest);
}

void ImageStore::tag(const StoredImage& image, const Reference& name) {
  const auto hold = store::Hold::shared(impl_->layout, {});
  impl_->origin().check(image.manifest);  // another process may have cleaned it away meanwhile
  impl_->layout.set_name(image.manifest, name.str());
}

bool ImageStore::untag(const Reference& name) {
  return impl_->remove_entries(
             [&](const Descriptor& entry) { return impl_->has_name(entry, name); }) > 0;
}

std::size_t ImageStore::remove(const Digest& manifest) {
  return impl_->remove_entries([&](const Descriptor& entry) { return entry.digest == manifest; });
}

}  // namespace ocibuild
