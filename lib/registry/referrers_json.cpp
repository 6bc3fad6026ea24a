// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/image.hpp>

#include "registry/referrers.hpp"
#include "support/json.hpp"

namespace ocibuild::registry {

using support::Json;

namespace {

/// What kind of thing it is: its own word, else the type of its config.
std::string artifact_type(const Json& manifest) {
  const std::string own = support::string_member(manifest, "artifactType");
  const Json* config = support::find_member(manifest, "config");
  if (!own.empty() || config == nullptr || !config->is_object()) return own;
  return support::string_member(*config, "mediaType");
}

}  // namespace

std::optional<Digest> subject_of(std::string_view manifest) {
  const Json json = support::parse_json(manifest, "manifest");
  const Json* subject = support::find_member(json, "subject");
  if (subject == nullptr || !subject->is_object()) return std::nullopt;
  return Digest::parse(support::string_member(*subject, "digest"));
}

std::optional<std::string> with_referrer(std::string_view index, const Document& document) {
  Json json{{"schemaVersion", 2}, {"mediaType", media_types::oci_index}};
  if (!index.empty()) json = support::parse_json(index, "list of referrers");
  Json& entries = json["manifests"];
  if (!entries.is_array()) entries = Json::array();
  const std::string digest = document.descriptor.digest.str();
  for (const Json& entry : entries) {
    if (entry.is_object() && support::string_member(entry, "digest") == digest) return std::nullopt;
  }
  const Json manifest = support::parse_json(document.bytes, "manifest");
  Json entry{{"mediaType", document.descriptor.media_type},
             {"digest", digest},
             {"size", document.descriptor.size}};
  if (const std::string type = artifact_type(manifest); !type.empty()) entry["artifactType"] = type;
  const Json* annotations = support::find_member(manifest, "annotations");
  if (annotations != nullptr) entry["annotations"] = *annotations;
  entries.push_back(std::move(entry));
  return support::dump_json(json);
}

}  // namespace ocibuild::registry
