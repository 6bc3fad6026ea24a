// SPDX-License-Identifier: Apache-2.0
#include "build/assembly.hpp"

#include <algorithm>

#include "image/manifest_builder.hpp"
#include "oci/image_json.hpp"

namespace ocibuild::engine {

namespace {

constexpr const char* base_name_annotation = "org.opencontainers.image.base.name";
constexpr const char* base_digest_annotation = "org.opencontainers.image.base.digest";

Annotations annotations_of(const BuildRequest& request, AnnotationPlace place,
                           const std::optional<Platform>& platform) {
  Annotations out;
  for (const Annotation& annotation : request.annotations) {
    const bool meant = !annotation.platform || annotation.platform == platform;
    if (annotation.place == place && meant) out[annotation.key] = annotation.value;
  }
  return out;
}

/// What was asked for, else the base's, else this machine's.
Platform result_platform(const std::optional<Platform>& platform, const BaseImage* base) {
  if (platform) return *platform;
  return base != nullptr ? base->config.platform : Platform::host();
}

}  // namespace

Assembly::Assembly(const BuildRequest& request, const std::optional<Platform>& platform,
                   const BaseImage* base, const std::vector<store::LayerRecord>& base_layers)
    : request_(request),
      config_(base != nullptr ? &base->config : nullptr, result_platform(platform, base),
              request.created) {
  if (base == nullptr) return;
  result_.base_name = base->name;
  result_.base_digest = base->descriptor.digest;
  for (const store::LayerRecord& layer : base_layers) {
    LayerReport report{.descriptor = layer.descriptor, .diff_id = layer.diff_id};
    report.unpacked = layer.unpacked;
    report.from_base = true;
    report.instruction = base->title;
    result_.layers.push_back(std::move(report));
  }
}

void Assembly::add_layer(std::string created_by, const StoredLayer& layer, const std::string& file,
                         const dockerfile::Instruction& instruction) {
  config_.add_layer(std::move(created_by), layer.record.diff_id);
  LayerReport report{.descriptor = layer.record.descriptor, .diff_id = layer.record.diff_id};
  report.unpacked = layer.record.unpacked;
  report.cached = layer.cached;
  report.key = layer.key;
  report.instruction = instruction.text;
  report.file = file;
  report.line = instruction.span.line;
  result_.changed = result_.changed || !layer.cached;
  result_.layers.push_back(std::move(report));
}

PlatformResult Assembly::finish(const plan::EvaluatedStage& target,
                                const store::BlobStore& blobs) && {
  ContainerConfig container = target.config;
  for (const auto& [name, value] : request_.labels) container.labels[name] = value;
  result_.config = std::move(config_).finish(std::move(container), target.author);
  if (request_.omit_history) result_.config.history.clear();

  const Platform& platform = result_.config.platform;
  Annotations annotations = annotations_of(request_, AnnotationPlace::manifest, platform);
  if (result_.base_name) annotations.try_emplace(base_name_annotation, result_.base_name->str());
  if (result_.base_digest)
    annotations.try_emplace(base_digest_annotation, result_.base_digest->str());
  std::vector<Descriptor> layers;
  for (const LayerReport& layer : result_.layers) layers.push_back(layer.descriptor);
  const Descriptor config =
      blobs.put(image::config_media_type(request_.format), oci::to_json(result_.config));
  const Manifest manifest =
      image::build_manifest(request_.format, config, std::move(layers), std::move(annotations));
  result_.image_id = config.digest;
  result_.manifest = blobs.put(manifest.media_type, oci::to_json(manifest));
  result_.manifest.platform = platform;
  result_.manifest.annotations =
      annotations_of(request_, AnnotationPlace::manifest_descriptor, platform);
  return std::move(result_);
}

BuildResult join(std::vector<PlatformResult> images, const BuildRequest& request,
                 const store::BlobStore& blobs) {
  BuildResult result;
  result.manifest = images.front().manifest;
  result.image_id = images.front().image_id;
  if (images.size() > 1) {
    std::vector<Descriptor> manifests;
    for (const PlatformResult& image : images) manifests.push_back(image.manifest);
    const Index index =
        image::build_index(request.format, std::move(manifests),
                           annotations_of(request, AnnotationPlace::index, std::nullopt));
    result.manifest = blobs.put(index.media_type, oci::to_json(index));
    result.manifest.annotations =
        annotations_of(request, AnnotationPlace::index_descriptor, std::nullopt);
    result.image_id = result.manifest.digest;
  }
  result.changed = std::any_of(images.begin(), images.end(),
                               [](const PlatformResult& image) { return image.changed; });
  result.platforms = std::move(images);
  return result;
}

}  // namespace ocibuild::engine
