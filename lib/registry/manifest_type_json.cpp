// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <set>

#include <ocibuild/error.hpp>

#include "oci/image_json.hpp"
#include "registry/manifests.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::Json;

namespace {

bool is_known(std::string_view type) {
  return oci::is_index(type) || oci::is_manifest(type);
}

[[noreturn]] void refuse(std::string id, std::string message, std::vector<std::string> helps = {}) {
  throw Error(Errc::failed, {std::move(id), std::move(message), {}, {}, std::move(helps)});
}

/// The same member twice means two things to two readers.
void refuse_duplicate_members(std::string_view bytes, const std::string& host) {
  std::vector<std::set<std::string>> open;
  bool duplicate = false;
  const auto see = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end && !open.empty()) open.pop_back();
    if (event == Json::parse_event_t::key && !open.empty())
      duplicate = !open.back().insert(value.get<std::string>()).second || duplicate;
    return true;
  };
  const Json ignored = Json::parse(bytes.begin(), bytes.end(), see, false);
  if (duplicate) refuse("manifest-invalid", concat(host, " gave a manifest with a member twice"));
}

}  // namespace

MediaType manifest_type(std::string_view bytes, std::string_view content_type,
                        const std::string& host) {
  const Json json = support::parse_json(bytes, concat("the manifest from ", host));
  if (!json.is_object()) refuse("manifest-invalid", concat(host, " gave no manifest"));
  refuse_duplicate_members(bytes, host);
  if (support::integer_member(json, "schemaVersion", 0) == 1) {
    refuse("schema1-unsupported", concat(host, " gave an image of the old schema 1"),
           {"push the image again with a tool from after 2017"});
  }
  if (support::integer_member(json, "schemaVersion", 0) != 2)
    refuse("manifest-invalid", concat(host, " gave a manifest without schemaVersion 2"));
  const bool manifests = support::find_member(json, "manifests") != nullptr;
  const bool layers = support::find_member(json, "layers") != nullptr;
  if (manifests && layers)
    refuse("manifest-invalid", concat(host, " gave a document that is both manifest and index"));
  const std::string field = support::string_member(json, "mediaType");
  if (!field.empty()) {
    if (!is_known(field)) {
      refuse("manifest-invalid",
             concat(host, " gave a document of type '", support::escape_controls(field), "'"));
    }
    if (is_known(content_type) && content_type != field) {
      refuse("manifest-invalid",
             concat(host, " calls a manifest ", content_type, " that calls itself ", field));
    }
    return field;
  }
  if (is_known(content_type)) return std::string(content_type);
  if (manifests) return std::string(media_types::oci_index);
  if (layers && support::find_member(json, "config") != nullptr)
    return std::string(media_types::oci_manifest);
  refuse("manifest-invalid", concat(host, " gave something that is no manifest"));
}

}  // namespace ocibuild::registry
