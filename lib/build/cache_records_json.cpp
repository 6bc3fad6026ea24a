// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "build/cache_records.hpp"
#include "image/manifest_builder.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;
using support::Json;

namespace {

constexpr std::size_t most_records = 1000;  // a manifest has 1024 layers at most

[[noreturn]] void invalid(std::string_view why) {
  throw Error(Errc::failed, "cache-invalid", concat("the cache ", why));
}

Digest digest_member(const Json& json, std::string_view key) {
  const std::string text = support::string_member(json, key);
  try {
    return Digest::parse(text);
  } catch (const Error&) {
    invalid(concat("has a record with ", key, ' ', support::quote(text)));
  }
}

/// Elements of a list of objects, of which there may be only so many.
const Json& list_member(const Json& json, std::string_view key) {
  static const Json none = Json::array();
  const Json* list = support::find_member(json, key);
  if (list == nullptr) return none;
  if (!list->is_array()) invalid(concat("has ", key, " that are no list"));
  if (list->size() > most_records) invalid(concat("has more than ", most_records, ' ', key));
  return *list;
}

using Blobs = std::map<Digest, Descriptor>;

Blobs blobs_of(const Manifest& manifest) {
  Blobs blobs;
  for (const Descriptor& blob : manifest.layers) {
    Descriptor bare{.media_type = blob.media_type, .digest = blob.digest, .size = blob.size};
    blobs.emplace(blob.digest, std::move(bare));
  }
  return blobs;
}

const Descriptor& blob_member(const Json& json, std::string_view key, const Blobs& blobs) {
  const auto at = blobs.find(digest_member(json, key));
  if (at == blobs.end()) invalid("has a record of a blob that its manifest does not name");
  return at->second;
}

}  // namespace

void CacheRecords::add_layer(const Digest& key, const store::LayerRecord& record) {
  if (layers.size() + indexes.size() < most_records) layers.emplace(key, record);
}

void CacheRecords::add_index(const Digest& layer, const Descriptor& blob) {
  if (layers.size() + indexes.size() < most_records) indexes.emplace(layer, blob);
}

std::string cache_config(const CacheRecords& records) {
  Json layers = Json::array();
  for (const auto& [key, record] : records.layers) {
    Json layer;
    layer["key"] = key.str();
    layer["digest"] = record.descriptor.digest.str();
    layer["diffID"] = record.diff_id.str();
    layer["unpacked"] = record.unpacked;
    layers.push_back(std::move(layer));
  }
  Json config;
  config["layers"] = std::move(layers);
  Json indexes = Json::array();
  for (const auto& [layer, blob] : records.indexes) {
    Json index;
    index["layer"] = layer.str();
    index["digest"] = blob.digest.str();
    indexes.push_back(std::move(index));
  }
  config["indexes"] = std::move(indexes);
  return support::dump_json(config);
}

Manifest cache_manifest(const CacheRecords& records, Descriptor config) {
  std::vector<Descriptor> blobs;
  const auto add = [&](const Descriptor& blob) {
    const auto same = [&](const Descriptor& other) { return other.digest == blob.digest; };
    if (std::ranges::none_of(blobs, same)) blobs.push_back(blob);
  };
  for (const auto& [key, record] : records.layers) add(record.descriptor);
  for (const auto& [layer, blob] : records.indexes) add(blob);
  Manifest manifest =
      image::build_manifest(ImageFormat::oci, std::move(config), std::move(blobs), {});
  manifest.config.media_type = cache_config_type;
  return manifest;
}

void check_cache(const Manifest& manifest) {
  if (manifest.config.media_type != cache_config_type) {
    invalid(concat("is something else: its config is of type ",
                   support::quote(manifest.config.media_type)));
  }
  if (manifest.config.size > cache_config_limit)
    invalid(concat("has a config of more than ", cache_config_limit, " bytes"));
}

CacheRecords parse_cache(const Manifest& manifest, std::string_view config) {
  const Json json = support::parse_json(config, "the config of the cache");
  const Blobs blobs = blobs_of(manifest);
  CacheRecords records;
  for (const Json& layer : list_member(json, "layers")) {
    const std::int64_t unpacked = support::integer_member(layer, "unpacked", -1);
    if (unpacked < 0) invalid("has a record without the size of its tar");
    store::LayerRecord record{.descriptor = blob_member(layer, "digest", blobs),
                              .diff_id = DiffId(digest_member(layer, "diffID")),
                              .unpacked = static_cast<std::uint64_t>(unpacked)};
    records.layers.emplace(digest_member(layer, "key"), std::move(record));
  }
  for (const Json& index : list_member(json, "indexes")) {
    const Descriptor& blob = blob_member(index, "digest", blobs);
    if (blob.size <= cache_index_limit)
      records.indexes.emplace(digest_member(index, "layer"), blob);
  }
  return records;
}

}  // namespace ocibuild::engine
