// SPDX-License-Identifier: Apache-2.0
#include "commands/build_json.hpp"

#include <nlohmann/json.hpp>
#include <ocibuild/version.hpp>

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;

/// Bytes that are no UTF-8 must not make the report of a failure fail.
std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Json descriptor_json(const Descriptor& descriptor) {
  return {{"mediaType", descriptor.media_type},
          {"digest", descriptor.digest.str()},
          {"size", descriptor.size}};
}

/// `platform`: empty when there is only one.
Json layer_json(const LayerReport& layer, const std::string& platform) {
  Json out{{"digest", layer.descriptor.digest.str()},
           {"diffID", layer.diff_id.str()},
           {"size", layer.descriptor.size},
           {"unpackedSize", layer.unpacked},
           {"source", layer.instruction},
           {"cached", layer.cached},
           {"base", layer.from_base}};
  if (!layer.file.empty()) out["source"] = layer.file + ':' + std::to_string(layer.line);
  if (!platform.empty()) out["platform"] = platform;
  return out;
}

/// What went over the network. `skipped`: blobs that the registries had already.
Json bytes_json(const BuildResult& result, const PushResult& pushed) {
  return {{"downloaded", result.downloaded + pushed.downloaded},
          {"uploaded", pushed.uploaded},
          {"mounted", pushed.mounted},
          {"skipped", pushed.was_there}};
}

}  // namespace

std::string metadata_json(const BuildResult& result, const std::vector<Reference>& names,
                          const std::optional<PushResult>& pushed) {
  std::string name_list;
  for (const Reference& name : names) {
    if (!name_list.empty()) name_list += ',';
    name_list += name.str();
  }
  const bool several = result.platforms.size() > 1;
  Json out;
  // An index has no config, and buildx leaves the key out.
  if (!several) out["containerimage.config.digest"] = result.image_id.str();
  out["containerimage.descriptor"] = descriptor_json(result.manifest);
  out["containerimage.digest"] = result.manifest.digest.str();
  if (!name_list.empty()) out["image.name"] = name_list;
  out["ocibuild.platforms"] = Json::array();
  out["ocibuild.layers"] = Json::array();
  for (const PlatformResult& image : result.platforms) {
    const std::string platform = image.config.platform.str();
    out["ocibuild.platforms"].push_back(platform);
    for (const LayerReport& layer : image.layers)
      out["ocibuild.layers"].push_back(layer_json(layer, several ? platform : ""));
  }
  out["ocibuild.timing"] = {{"total", std::chrono::duration<double>(result.took).count()}};
  out["ocibuild.bytes"] = bytes_json(result, pushed ? *pushed : PushResult{.digest = {}});
  out["ocibuild.version"] = version;
  return text_of(out);
}

std::string metadata_json(const Error& error) {
  const Diagnostic& first = error.diagnostic();
  Json report{
      {"id", first.id}, {"message", first.message}, {"exit", static_cast<int>(error.code())}};
  if (first.where) {
    report["file"] = first.where->file;
    report["line"] = first.where->line;
    report["col"] = first.where->column;
  }
  report["hints"] = first.helps;
  return text_of({{"error", report}, {"ocibuild.version", version}});
}

}  // namespace ocibuild::program
