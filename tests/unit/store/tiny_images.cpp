// SPDX-License-Identifier: Apache-2.0
#include "tiny_images.hpp"

#include <algorithm>
#include <fstream>

#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "support/catch.hpp"
#include "support/tree_fixture.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild::test {

std::string tar_of(const std::vector<std::pair<std::string, std::string>>& files) {
  support::StringSink out;
  tar::TarWriter tar(out);
  for (const auto& [name, content] : files) {
    support::MemorySource source(content);
    tar.add(file_entry(name, content.size()), source);
  }
  tar.finish();
  return out.text;
}

std::string tar_of(std::string_view name, std::string_view content) {
  return tar_of({{std::string(name), std::string(content)}});
}

ImageConfig tiny_config(const std::vector<std::string>& layer_tars) {
  ImageConfig config;
  config.platform.architecture = "amd64";
  config.config.cmd = {"/hello"};
  for (const std::string& tar : layer_tars) {
    config.diff_ids.emplace_back(oci::sha256(tar));
    config.history.push_back({.created = {}, .created_by = "COPY", .author = {}, .comment = {}});
  }
  return config;
}

Descriptor put_image(const store::BlobStore& blobs, std::string_view content) {
  const std::string layer = tar_of("hello", content);
  Manifest manifest;
  manifest.media_type = media_types::oci_manifest;
  manifest.config =
      blobs.put(std::string(media_types::oci_config), oci::to_json(tiny_config({layer})));
  manifest.layers = {blobs.put(std::string(media_types::oci_layer), layer)};
  return blobs.put(manifest.media_type, oci::to_json(manifest));
}

Descriptor put_index(const store::BlobStore& blobs, std::vector<Descriptor> manifests,
                     const std::vector<std::string>& architectures) {
  Index index{
      .media_type = std::string(media_types::oci_index), .manifests = {}, .annotations = {}};
  for (std::size_t i = 0; i < manifests.size(); ++i) {
    manifests[i].platform = Platform{.os = "linux",
                                     .architecture = architectures.at(i),
                                     .variant = {},
                                     .os_version = {},
                                     .os_features = {}};
    index.manifests.push_back(manifests[i]);
  }
  return blobs.put(index.media_type, oci::to_json(index));
}

Digest config_of(const store::BlobStore& blobs, const Descriptor& manifest) {
  return oci::parse_manifest(blobs.read(manifest, oci::manifest_limit)).config.digest;
}

Digest layer_of(const store::BlobStore& blobs, const Descriptor& manifest) {
  return oci::parse_manifest(blobs.read(manifest, oci::manifest_limit)).layers.at(0).digest;
}

void damage(const std::filesystem::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  REQUIRE(stream);
  const char old = static_cast<char>(stream.get());
  stream.seekp(0);
  stream.put(static_cast<char>(old ^ 1));
}

Error error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  return {Errc::internal, "none", "none"};
}

std::vector<std::string> listed_names(const store::OciLayout& layout) {
  std::vector<std::string> names;
  for (const Descriptor& entry : layout.read_index().manifests) {
    const auto name = entry.annotations.find(std::string(store::ref_name_annotation));
    names.push_back(name == entry.annotations.end() ? "" : name->second);
  }
  return names;
}

std::vector<std::string> files_below(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::recursive_directory_iterator(directory)) {
    if (!file.is_directory()) names.push_back(file.path().lexically_relative(directory).native());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ocibuild::test
