// SPDX-License-Identifier: Apache-2.0
#include "commands/listing_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <ocibuild/version.hpp>

#include "commands/image_names.hpp"
#include "program.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;

/// ASCII only: a control character of an image (also C1, which JSON would keep) reaches no
/// terminal.
std::string line_of(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', true, Json::error_handler_t::replace) + '\n';
}

Json strings(const std::vector<std::string>& words) {
  Json out = Json::array();
  for (const std::string& word : words) out.push_back(word);
  return out;
}

}  // namespace

std::string stored_json(const StoredRow& row) {
  return line_of({{"ID", row.id},
                  {"Kind", row.kind},
                  {"Names", strings(row.names)},
                  {"Reclaimable", row.reclaimable},
                  {"LastUsedSince", row.age},
                  {"LastUsed", row.last_use},
                  {"Size", human_size(row.size, "")},
                  {"SizeBytes", row.size}});
}

std::string image_json(const ImageRow& row) {
  return line_of({{"ID", row.id},
                  {"Repository", row.repository},
                  {"Tag", row.tag},
                  {"Digest", row.digest},
                  {"CreatedSince", row.age},
                  {"CreatedAt", row.created},
                  {"Size", human_size(row.size, "")},
                  {"SizeBytes", row.size},
                  {"Created", row.created}});
}

std::string history_json(const HistoryRow& row) {
  return line_of({{"ID", row.id},
                  {"CreatedSince", row.age},
                  {"CreatedAt", row.created},
                  {"CreatedBy", row.created_by},
                  {"Size", human_size(row.size, "")},
                  {"Comment", row.comment},
                  {"SizeBytes", row.size},
                  {"UnpackedSize", row.unpacked ? human_size(*row.unpacked, "") : ""},
                  {"UnpackedBytes", row.unpacked ? Json(*row.unpacked) : Json()},
                  {"Created", row.created}});
}

std::string inspect_json(const ImageDetails& details, const std::vector<Reference>& names) {
  const ImageConfig& config = details.config;
  std::vector<std::string> tags;
  std::vector<std::string> digests;
  for (const Reference& name : names) {
    tags.push_back(tagged(name));
    const std::string digest = repository_of(name) + '@' + details.image.manifest.digest.str();
    if (std::find(digests.begin(), digests.end(), digest) == digests.end())
      digests.push_back(digest);
  }
  // The object as it is stored: fields that we do not know are shown too.
  const Json stored = Json::parse(details.config_json, nullptr, false);
  Json container = Json::object();
  if (stored.is_object() && stored.contains("config")) container = stored["config"];
  Json layers = Json::array();
  for (const DiffId& layer : config.diff_ids) layers.push_back(layer.str());
  Json out{{"Id", image_id(details).str()},
           {"RepoTags", strings(tags)},
           {"RepoDigests", strings(digests)},
           {"Comment", config.history.empty() ? "" : config.history.back().comment},
           {"Created", config.created},
           {"Author", config.author},
           {"Config", container},
           {"Architecture", config.platform.architecture}};
  if (!config.platform.variant.empty()) out["Variant"] = config.platform.variant;
  out["Os"] = config.platform.os;
  out["Size"] = stored_size(details.manifest);
  out["RootFS"] = {{"Type", "layers"}, {"Layers", layers}};
  const bool index = !details.index_json.empty();
  const Descriptor& manifest = index ? details.image.manifest : details.descriptor;
  out["Descriptor"] = {{"mediaType", manifest.media_type},
                       {"digest", manifest.digest.str()},
                       {"size", manifest.size}};
  return line_of(out, 4);
}

std::string version_json() {
  std::vector<std::string> names;
  for (const CommandInfo& command : command_table()) names.emplace_back(command.name);
  return line_of({{"version", version},
                  {"platform", Platform::host().str()},
                  {"commands", strings(names)},
                  {"outputs", strings({"image", "oci", "docker"})},
                  {"compression", strings({"gzip", "zstd", "uncompressed"})},
                  {"formats", strings({"oci", "docker"})}});
}

}  // namespace ocibuild::program
