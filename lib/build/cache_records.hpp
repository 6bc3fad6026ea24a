// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <ocibuild/image.hpp>

#include "store/build_cache.hpp"

namespace ocibuild::engine {

inline constexpr std::string_view cache_config_type = "application/vnd.ocibuild.cache.v1+json";
/// Of a cache in a layout, when none is given.
inline constexpr const char* default_cache_tag = "latest";
inline constexpr std::string_view cache_index_type = "application/vnd.ocibuild.layer-index.v1+gzip";
inline constexpr std::size_t cache_index_limit = 64 * 1024 * 1024;  ///< bytes of the blob
inline constexpr std::size_t cache_config_limit = 1024 * 1024;      ///< bytes

/// What a shared cache says (docs/reference/image.md, 7.7). It is an image manifest whose layers
/// are the blobs and whose config, of a type of its own, says which key each belongs to: so every
/// registry keeps it, and every tool copies it. Same records, same bytes.
struct CacheRecords {
  std::map<Digest, store::LayerRecord> layers{};  ///< by key

  std::map<Digest, Descriptor> indexes{};  ///< of base layers, by the layer's digest

  bool empty() const { return layers.empty() && indexes.empty(); }
  /// As many as a manifest may have; those beyond are left out.
  void add_layer(const Digest& key, const store::LayerRecord& record);
  void add_index(const Digest& layer, const Descriptor& blob);
};

std::string cache_config(const CacheRecords& records);
/// `config`: descriptor of what cache_config() gave.
Manifest cache_manifest(const CacheRecords& records, Descriptor config);

/// Of a manifest by anybody. Descriptors have type, digest and size only: nothing leads elsewhere.
/// @throws Error(Errc::failed, cache-invalid, json-invalid)
CacheRecords parse_cache(const Manifest& manifest, std::string_view config);
/// @throws Error(Errc::failed, cache-invalid) unless the config can be one of a cache
void check_cache(const Manifest& manifest);

}  // namespace ocibuild::engine
