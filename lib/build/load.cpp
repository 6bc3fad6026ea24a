// SPDX-License-Identifier: Apache-2.0
#include "store/load.hpp"

#include <ocibuild/transfer.hpp>

#include "build/layer_indexes.hpp"

namespace ocibuild {

std::vector<StoredImage> load(const std::filesystem::path& root, const Endpoint& source,
                              std::stop_token stop) {
  std::vector<StoredImage> images = store::load(root, source, stop);
  std::vector<Descriptor> manifests;
  for (const StoredImage& image : images) manifests.push_back(image.manifest);
  engine::make_indexes(store::OciLayout(root), store::BuildCache(root / "cache"), manifests, stop);
  return images;
}

}  // namespace ocibuild
