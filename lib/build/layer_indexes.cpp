// SPDX-License-Identifier: Apache-2.0
#include "build/layer_indexes.hpp"

#include <algorithm>
#include <atomic>
#include <set>

#include <ocibuild/error.hpp>

#include "oci/image_json.hpp"
#include "oci/platform_choice.hpp"
#include "rootfs/layer_scan.hpp"
#include "support/fd.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::engine {

namespace {

struct UnreadLayer {
  Descriptor layer;
  DiffId diff_id;
};

/// The layers below some images that the cache says nothing about, each once.
class UnreadLayers {
public:
  UnreadLayers(const store::BlobStore& blobs, const store::BuildCache& cache)
      : blobs_(blobs), cache_(cache) {}

  void add(const Descriptor& image, unsigned depth = 0) {
    if (depth > oci::most_nested_indexes || !blobs_.has(image)) return;
    try {
      if (oci::is_index(image.media_type)) {
        const Index index = oci::parse_index(blobs_.read(image, oci::manifest_limit));
        for (const Descriptor& entry : index.manifests) add(entry, depth + 1);
      } else {
        add_layers(oci::parse_manifest(blobs_.read(image, oci::manifest_limit)));
      }
    } catch (const Error&) {
      return;  // no image of files, or a damaged one
    }
  }
  std::vector<UnreadLayer> take() { return std::move(layers_); }

private:
  void add_layers(const Manifest& manifest) {
    const ImageConfig config =
        oci::parse_image_config(blobs_.read(manifest.config, oci::config_limit));
    if (config.diff_ids.size() != manifest.layers.size()) return;
    for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
      const Descriptor& layer = manifest.layers[i];
      if (!seen_.insert(layer.digest).second || !blobs_.has(layer)) continue;
      if (!cache_.find_index(layer.digest)) layers_.push_back({layer, config.diff_ids[i]});
    }
  }

  const store::BlobStore& blobs_;
  const store::BuildCache& cache_;
  std::set<Digest> seen_;
  std::vector<UnreadLayer> layers_;
};

}  // namespace

std::shared_ptr<const rootfs::LayerIndex> make_index(const store::BlobStore& blobs,
                                                     const store::BuildCache& cache,
                                                     const Descriptor& layer, const DiffId& diff_id,
                                                     const std::stop_token& stop) {
  const support::Fd fd = blobs.open(layer);
  support::FdSource blob(fd.get(), blobs.path(layer.digest));
  auto index =
      rootfs::scan_layer(blob, layer, diff_id, support::concat("layer ", layer.digest.str()), stop);
  cache.put_index(layer.digest, index->encode());
  return index;
}

void ArrivingLayers::expect(const Manifest& manifest) {
  configs_.emplace(manifest.config.digest, manifest.config);
  for (std::size_t i = 0; i < manifest.layers.size(); ++i) {
    const Descriptor& layer = manifest.layers[i];
    const auto same = [&](const Waiting& other) { return other.layer.digest == layer.digest; };
    if (std::ranges::none_of(waiting_, same) && !cache_.find_index(layer.digest))
      waiting_.push_back({.layer = layer, .config = manifest.config.digest, .position = i});
  }
}

void ArrivingLayers::arrived(const Descriptor& blob) noexcept {
  try {
    for (const auto& [layer, diff_id] : take_ready(blob))
      make_index(blobs_, cache_, layer, diff_id, stop_);
  } catch (const std::exception&) {
    // make_indexes() tries once more, and so does the build that needs it, which says why.
  }
}

std::vector<std::pair<Descriptor, DiffId>> ArrivingLayers::take_ready(const Descriptor& blob) {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<Descriptor, DiffId>> ready;
  for (Waiting& each : waiting_) {
    if (each.layer.digest == blob.digest) each.is_here = true;
  }
  std::erase_if(waiting_, [&](const Waiting& each) {
    if (!each.is_here) return false;
    const ImageConfig* config = this->config(each.config);
    if (config == nullptr || each.position >= config->diff_ids.size()) return false;
    ready.emplace_back(each.layer, config->diff_ids[each.position]);
    return true;
  });
  return ready;
}

const ImageConfig* ArrivingLayers::config(const Digest& digest) {
  const auto known = read_.find(digest);
  if (known != read_.end()) return &known->second;
  const Descriptor& config = configs_.at(digest);
  if (!blobs_.has(config)) return nullptr;
  return &read_.emplace(digest, oci::parse_image_config(blobs_.read(config, oci::config_limit)))
              .first->second;
}

void make_indexes(const store::OciLayout& layout, const store::BuildCache& cache,
                  const std::vector<Descriptor>& images, const std::stop_token& stop) {
  UnreadLayers unread(layout.blobs(), cache);
  for (const Descriptor& image : images) unread.add(image);
  const std::vector<UnreadLayer> layers = unread.take();
  if (layers.empty()) return;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t at = next++; at < layers.size() && !stop.stop_requested(); at = next++) {
      try {
        make_index(layout.blobs(), cache, layers[at].layer, layers[at].diff_id, stop);
      } catch (const std::exception&) {
        continue;
      }
    }
  };
  const auto most = static_cast<unsigned>(std::min<std::size_t>(layers.size(), 64));
  support::WorkerGroup(std::min(support::available_cpus(), most), work).join();
  support::throw_if_stopped(stop);
}

}  // namespace ocibuild::engine
