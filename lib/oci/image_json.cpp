// SPDX-License-Identifier: Apache-2.0
#include "oci/image_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::oci {

using support::Json;

namespace {

constexpr std::size_t most_layers = 1024;
constexpr std::size_t most_manifests = 4096;

[[noreturn]] void invalid(std::string_view document, std::string_view why) {
  throw Error(Errc::failed, support::concat(document, "-invalid"),
              support::concat("the ", document, " ", why));
}

// --- reading
// -----------------------------------------------------------------------------------------------------

Platform read_platform(const Json& json) {
  Platform platform;
  platform.os = support::string_member(json, "os");
  platform.architecture = support::string_member(json, "architecture");
  platform.variant = support::string_member(json, "variant");
  platform.os_version = support::string_member(json, "os.version");
  platform.os_features = support::strings_member(json, "os.features");
  return platform;
}

Descriptor read_descriptor(const Json& json) {
  Descriptor descriptor;
  descriptor.media_type = support::string_member(json, "mediaType");
  descriptor.digest = Digest::parse(support::string_member(json, "digest"));
  const std::int64_t size = support::integer_member(json, "size", -1);
  if (size < 0) invalid("manifest", "has a descriptor without a size");
  descriptor.size = static_cast<std::uint64_t>(size);
  if (const Json* platform = support::find_member(json, "platform"))
    descriptor.platform = read_platform(*platform);
  descriptor.urls = support::strings_member(json, "urls");
  descriptor.annotations = support::string_map_member(json, "annotations");
  return descriptor;
}

std::vector<Descriptor> read_descriptors(const Json& json, std::string_view key, std::size_t most) {
  std::vector<Descriptor> out;
  const Json* list = support::find_member(json, key);
  if (list == nullptr) return out;
  if (!list->is_array())
    invalid("manifest", support::concat("has a member ", key, " that is no list"));
  if (list->size() > most) invalid("manifest", support::concat("lists more than ", most, " ", key));
  for (const Json& element : *list) out.push_back(read_descriptor(element));
  return out;
}

Healthcheck read_healthcheck(const Json& json) {
  Healthcheck check;
  check.test = support::strings_member(json, "Test");
  check.interval = support::integer_member(json, "Interval", 0);
  check.timeout = support::integer_member(json, "Timeout", 0);
  check.start_period = support::integer_member(json, "StartPeriod", 0);
  check.start_interval = support::integer_member(json, "StartInterval", 0);
  check.retries = static_cast<int>(support::integer_member(json, "Retries", 0));
  return check;
}

/// Members of docker's own config object that describe a container, not an image: never carried
/// over.
bool is_container_only(std::string_view key) {
  static constexpr std::string_view names[] = {
      "Hostname",  "Domainname", "AttachStdin", "AttachStdout", "AttachStderr",  "Tty",
      "OpenStdin", "StdinOnce",  "Image",       "MacAddress",   "PublishService"};
  return std::find(std::begin(names), std::end(names), key) != std::end(names);
}

bool is_known(std::string_view key) {
  static constexpr std::string_view names[] = {
      "User",   "ExposedPorts", "Env",         "Entrypoint",  "Cmd",     "Volumes", "WorkingDir",
      "Labels", "StopSignal",   "ArgsEscaped", "Healthcheck", "OnBuild", "Shell"};
  return std::find(std::begin(names), std::end(names), key) != std::end(names);
}

std::set<std::string> read_set(const Json& json, std::string_view key) {
  const auto keys = support::keys_member(json, key);
  return {keys.begin(), keys.end()};
}

ContainerConfig read_container_config(const Json& json) {
  ContainerConfig config;
  config.user = support::string_member(json, "User");
  config.exposed_ports = read_set(json, "ExposedPorts");
  config.env = support::strings_member(json, "Env");
  config.entrypoint = support::strings_member(json, "Entrypoint");
  config.cmd = support::strings_member(json, "Cmd");
  config.volumes = read_set(json, "Volumes");
  config.working_dir = support::string_member(json, "WorkingDir");
  config.labels = support::string_map_member(json, "Labels");
  config.stop_signal = support::string_member(json, "StopSignal");
  config.args_escaped = support::bool_member(json, "ArgsEscaped");
  if (const Json* check = support::find_member(json, "Healthcheck"))
    config.healthcheck = read_healthcheck(*check);
  config.on_build = support::strings_member(json, "OnBuild");
  config.shell = support::strings_member(json, "Shell");
  for (const auto& [key, value] : json.items()) {
    if (!is_known(key) && !is_container_only(key) && !value.is_null())
      config.other.emplace(key, support::dump_json(value));
  }
  return config;
}

HistoryEntry read_history_entry(const Json& json) {
  HistoryEntry entry;
  entry.created = support::string_member(json, "created");
  entry.created_by = support::string_member(json, "created_by");
  entry.author = support::string_member(json, "author");
  entry.comment = support::string_member(json, "comment");
  entry.empty_layer = support::bool_member(json, "empty_layer");
  return entry;
}

// --- writing
// -----------------------------------------------------------------------------------------------------

template <typename T>
void put(Json& json, const char* key, const T& value) {
  if (!value.empty()) json[key] = value;
}

Json write_set(const std::set<std::string>& keys) {
  Json json = Json::object();
  for (const std::string& key : keys) json[key] = Json::object();
  return json;
}

Json write_map(const std::map<std::string, std::string>& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) json[key] = value;
  return json;
}

Json write_platform(const Platform& platform) {
  Json json;
  json["architecture"] = platform.architecture;
  json["os"] = platform.os;
  put(json, "os.version", platform.os_version);
  put(json, "os.features", platform.os_features);
  put(json, "variant", platform.variant);
  return json;
}

Json write_descriptor(const Descriptor& descriptor) {
  Json json;
  json["mediaType"] = descriptor.media_type;
  json["digest"] = descriptor.digest.str();
  json["size"] = descriptor.size;
  put(json, "urls", descriptor.urls);
  if (!descriptor.annotations.empty()) json["annotations"] = write_map(descriptor.annotations);
  if (descriptor.platform) json["platform"] = write_platform(*descriptor.platform);
  return json;
}

Json write_descriptors(const std::vector<Descriptor>& descriptors) {
  Json json = Json::array();
  for (const Descriptor& descriptor : descriptors) json.push_back(write_descriptor(descriptor));
  return json;
}

Json write_healthcheck(const Healthcheck& check) {
  Json json = Json::object();
  put(json, "Test", check.test);
  if (check.interval != 0) json["Interval"] = check.interval;
  if (check.timeout != 0) json["Timeout"] = check.timeout;
  if (check.start_period != 0) json["StartPeriod"] = check.start_period;
  if (check.start_interval != 0) json["StartInterval"] = check.start_interval;
  if (check.retries != 0) json["Retries"] = check.retries;
  return json;
}

Json write_container_config(const ContainerConfig& config) {
  Json json = Json::object();
  put(json, "User", config.user);
  if (!config.exposed_ports.empty()) json["ExposedPorts"] = write_set(config.exposed_ports);
  put(json, "Env", config.env);
  put(json, "Entrypoint", config.entrypoint);
  put(json, "Cmd", config.cmd);
  if (!config.volumes.empty()) json["Volumes"] = write_set(config.volumes);
  put(json, "WorkingDir", config.working_dir);
  if (!config.labels.empty()) json["Labels"] = write_map(config.labels);
  put(json, "StopSignal", config.stop_signal);
  if (config.args_escaped) json["ArgsEscaped"] = true;
  if (config.healthcheck) json["Healthcheck"] = write_healthcheck(*config.healthcheck);
  put(json, "OnBuild", config.on_build);
  put(json, "Shell", config.shell);
  for (const auto& [key, value] : config.other) json[key] = Json::parse(value);
  return json;
}

Json write_history_entry(const HistoryEntry& entry) {
  Json json = Json::object();
  put(json, "created", entry.created);
  put(json, "created_by", entry.created_by);
  put(json, "author", entry.author);
  put(json, "comment", entry.comment);
  if (entry.empty_layer) json["empty_layer"] = true;
  return json;
}

std::string with_descriptors(Json document, const char* member,
                             const std::vector<Descriptor>& descriptors) {
  Json& list = document[member];
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    list.at(i)["mediaType"] = descriptors[i].media_type;
    list.at(i)["digest"] = descriptors[i].digest.str();
    list.at(i)["size"] = descriptors[i].size;
  }
  return support::dump_json(document);
}

}  // namespace

Manifest parse_manifest(std::string_view text) {
  const Json json = support::parse_json(text, "the manifest");
  Manifest manifest;
  manifest.media_type = support::string_member(json, "mediaType");
  if (support::integer_member(json, "schemaVersion", 0) != 2)
    invalid("manifest", "is not of schema version 2");
  const Json* config = support::find_member(json, "config");
  if (config == nullptr) invalid("manifest", "names no config");
  manifest.config = read_descriptor(*config);
  manifest.layers = read_descriptors(json, "layers", most_layers);
  manifest.annotations = support::string_map_member(json, "annotations");
  return manifest;
}

Index parse_index(std::string_view text) {
  const Json json = support::parse_json(text, "the index");
  Index index;
  index.media_type = support::string_member(json, "mediaType");
  index.manifests = read_descriptors(json, "manifests", most_manifests);
  index.annotations = support::string_map_member(json, "annotations");
  return index;
}

ImageConfig parse_image_config(std::string_view text) {
  const Json json = support::parse_json(text, "the image config");
  ImageConfig out;
  out.created = support::string_member(json, "created");
  out.author = support::string_member(json, "author");
  out.platform = read_platform(json);
  if (const Json* config = support::find_member(json, "config"))
    out.config = read_container_config(*config);
  const Json* rootfs = support::find_member(json, "rootfs");
  if (rootfs == nullptr) invalid("config", "has no rootfs: it is not an image config");
  for (const std::string& diff_id : support::strings_member(*rootfs, "diff_ids")) {
    out.diff_ids.emplace_back(Digest::parse(diff_id));
  }
  if (const Json* history = support::find_member(json, "history")) {
    if (!history->is_array()) invalid("config", "has a history that is no list");
    for (const Json& entry : *history) out.history.push_back(read_history_entry(entry));
  }
  return out;
}

std::string to_json(const Manifest& manifest) {
  Json json;
  json["schemaVersion"] = 2;
  json["mediaType"] = manifest.media_type;
  json["config"] = write_descriptor(manifest.config);
  json["layers"] = write_descriptors(manifest.layers);
  if (!manifest.annotations.empty()) json["annotations"] = write_map(manifest.annotations);
  return support::dump_json(json);
}

std::string to_json(const Index& index) {
  Json json;
  json["schemaVersion"] = 2;
  json["mediaType"] =
      index.media_type.empty() ? std::string(media_types::oci_index) : index.media_type;
  json["manifests"] = write_descriptors(index.manifests);
  if (!index.annotations.empty()) json["annotations"] = write_map(index.annotations);
  return support::dump_json(json);
}

std::string to_json(const ImageConfig& config) {
  Json json;
  json["architecture"] = config.platform.architecture;
  put(json, "author", config.author);
  json["config"] = write_container_config(config.config);
  put(json, "created", config.created);
  json["history"] = Json::array();
  for (const HistoryEntry& entry : config.history)
    json["history"].push_back(write_history_entry(entry));
  json["os"] = config.platform.os;
  put(json, "os.features", config.platform.os_features);
  put(json, "os.version", config.platform.os_version);
  Json diff_ids = Json::array();
  for (const DiffId& diff_id : config.diff_ids) diff_ids.push_back(diff_id.str());
  json["rootfs"]["type"] = "layers";
  json["rootfs"]["diff_ids"] = std::move(diff_ids);
  put(json, "variant", config.platform.variant);
  return support::dump_json(json);
}

std::string with_layers(std::string_view manifest, const std::vector<Descriptor>& layers) {
  return with_descriptors(support::parse_json(manifest, "the manifest"), "layers", layers);
}

std::string with_manifests(std::string_view index, const std::vector<Descriptor>& manifests) {
  return with_descriptors(support::parse_json(index, "the index"), "manifests", manifests);
}

bool is_index(std::string_view media_type) {
  return media_type == media_types::oci_index || media_type == media_types::docker_index;
}

bool is_manifest(std::string_view media_type) {
  return media_type == media_types::oci_manifest || media_type == media_types::docker_manifest;
}

bool is_foreign_layer(std::string_view media_type) {
  return media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar") ||
         media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar");
}

}  // namespace ocibuild::oci
