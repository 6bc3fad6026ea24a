// SPDX-License-Identifier: Apache-2.0
// The documents of images. First line: which one; the rest: the text.
#include <string>

#include "build/cache_records.hpp"
#include "fuzz.hpp"
#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "store/docker_archive.hpp"
#include "store/oci_layout.hpp"
#include "support/json.hpp"

namespace {

using namespace ocibuild;

/// What was read and written once reads and writes the same for ever.
template <typename Parse>
void check_round_trip(Parse&& parse, std::string_view text) {
  const std::string written = oci::to_json(parse(text));
  fuzz::require(oci::to_json(parse(written)) == written, "a document survives being written");
}

/// A cache of one blob, whatever its records say. What was understood is written as it will be
/// read.
void read_cache(std::string_view text) {
  Manifest manifest;
  manifest.layers = {{.media_type = std::string(media_types::oci_layer_gzip),
                      .digest = oci::sha256(std::string_view("blob")),
                      .size = 4}};
  const engine::CacheRecords records = engine::parse_cache(manifest, text);
  const std::string written = engine::cache_config(records);
  const Manifest again = engine::cache_manifest(records, {});
  fuzz::require(engine::cache_config(engine::parse_cache(again, written)) == written,
                "records survive being written");
}

void read(std::string_view kind, std::string_view text) {
  if (kind == "manifest") check_round_trip(oci::parse_manifest, text);
  if (kind == "index") check_round_trip(oci::parse_index, text);
  if (kind == "config") check_round_trip(oci::parse_image_config, text);
  if (kind == "docker") {
    const std::string written = store::to_json(store::parse_docker_images(text));
    fuzz::require(store::to_json(store::parse_docker_images(written)) == written,
                  "a manifest.json survives being written");
  }
  if (kind == "cache") read_cache(text);
  if (kind == "layout") store::check_layout_marker(text);
  if (kind == "list") {
    const support::StringArray list = support::parse_string_array(text);
    fuzz::require(list.is_array || list.strings.empty(), "only a list has elements");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const std::string_view kind = fuzz::take_line(rest);
  fuzz::accepts([&] { read(kind, rest); });
  return 0;
}
