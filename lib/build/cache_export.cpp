// SPDX-License-Identifier: Apache-2.0
// What a build has made, for other machines (docs/reference/image.md, 7.7).
#include "build/cache_export.hpp"

#include <ocibuild/error.hpp>

#include "build/cache_records.hpp"
#include "compress/chunk_encoder.hpp"
#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "store/copy_blob.hpp"
#include "store/hold.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild {

namespace engine {

namespace {

/// Indexes are mostly names: a fifth is left.
std::string packed(std::string_view index) {
  compress::ChunkEncoder encoder(compress::Setting::make(compress::Codec::gzip, {}));
  std::vector<std::byte> out;
  encoder.encode(support::as_bytes(index), out);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

void add_indexes(CacheRecords& records, const BuildResult& result, const store::BlobStore& blobs,
                 const store::BuildCache& cache) {
  for (const Digest& layer : result.looked_into) {
    if (const auto index = cache.find_index(layer))
      records.add_index(layer, blobs.put(std::string(cache_index_type), packed(*index)));
  }
}

}  // namespace

std::optional<PushContents> cache_contents(const BuildResult& result, const store::BlobStore& blobs,
                                           const store::BuildCache& cache) {
  CacheRecords records;
  for (const PlatformResult& image : result.platforms) {
    for (const LayerReport& layer : image.layers) {
      if (!layer.key.empty())
        records.add_layer(layer.key, {layer.descriptor, layer.diff_id, layer.unpacked});
    }
  }
  add_indexes(records, result, blobs, cache);
  if (records.empty()) return std::nullopt;
  const Descriptor config = blobs.put(std::string(cache_config_type), cache_config(records));
  const Manifest manifest = cache_manifest(records, config);
  registry::Document document{{}, oci::to_json(manifest)};
  document.descriptor = {.media_type = manifest.media_type,
                         .digest = oci::sha256(document.bytes),
                         .size = document.bytes.size()};
  PushContents contents;
  contents.blobs = blobs_of(document);
  contents.documents.push_back(std::move(document));
  return contents;
}

namespace {

/// Only one cache has a tag: the one before would stay for ever, as nobody looks at it.
void set_tag(store::OciLayout& layout, const Descriptor& manifest, const std::string& tag) {
  const std::string key(store::ref_name_annotation);
  layout.update_index([&](Index& index) {
    std::erase_if(index.manifests, [&](const Descriptor& entry) {
      const auto name = entry.annotations.find(key);
      return name != entry.annotations.end() && name->second == tag;
    });
    Descriptor entry = manifest;
    entry.annotations[key] = tag;
    index.manifests.push_back(std::move(entry));
  });
}

}  // namespace

}  // namespace engine

std::optional<Digest> save_cache(const BuildRequest& request, const BuildResult& result,
                                 const LayoutImage& to, std::stop_token stop) {
  const store::OciLayout from(request.store);
  const auto hold = store::Hold::shared(from, stop);
  const store::BlobStore& blobs = from.blobs();
  const store::BuildCache cache(request.cache.empty() ? request.store / "cache" : request.cache);
  const auto contents = engine::cache_contents(result, blobs, cache);
  if (!contents) return std::nullopt;
  store::OciLayout layout(to.directory);
  layout.blobs().check_writable();
  const auto target_hold = store::Hold::shared(layout, stop);
  for (const Descriptor& blob : contents->blobs)
    store::copy_blob(blobs, blob, layout.blobs(), stop);
  const registry::Document& document = contents->documents.back();
  layout.blobs().put(document.descriptor.media_type, document.bytes);
  engine::set_tag(layout, document.descriptor, to.tag.empty() ? engine::default_cache_tag : to.tag);
  return document.descriptor.digest;
}

}  // namespace ocibuild
