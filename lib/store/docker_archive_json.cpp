// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "store/docker_archive.hpp"
#include "support/json.hpp"

namespace ocibuild::store {

using support::Json;

std::string to_json(const std::vector<DockerImage>& images) {
  Json list = Json::array();
  for (const DockerImage& image : images) {
    Json json;
    json["Config"] = image.config;
    json["RepoTags"] = nullptr;  // as docker writes it for an image without a name
    if (!image.repo_tags.empty()) json["RepoTags"] = image.repo_tags;
    json["Layers"] = image.layers;
    list.push_back(std::move(json));
  }
  return support::dump_json(list);
}

std::vector<DockerImage> parse_docker_images(std::string_view text) {
  const Json list = support::parse_json(text, docker_manifest_member);
  if (!list.is_array())
    throw Error(Errc::failed, "json-invalid", "manifest.json is not a list of images");
  std::vector<DockerImage> images;
  for (const Json& json : list) {
    images.push_back({.config = support::string_member(json, "Config"),
                      .repo_tags = support::strings_member(json, "RepoTags"),
                      .layers = support::strings_member(json, "Layers")});
  }
  return images;
}

}  // namespace ocibuild::store
