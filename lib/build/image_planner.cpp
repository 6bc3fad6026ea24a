// SPDX-License-Identifier: Apache-2.0
#include "build/image_planner.hpp"

#include <algorithm>

#include "build/downloads.hpp"
#include "build/not_here.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

std::string repository_of(const RemoteImage& remote) {
  const registry::Source& source = remote.sessions.front()->source();
  return concat(source.registry, '/', source.repository);
}

}  // namespace

void ImagePlanner::begin(const BaseImage* base, const std::optional<Platform>& platform) {
  base_ = base;
  PlannedImage& image = plan_.images.emplace_back();
  image.platform = platform          ? *platform
                   : base != nullptr ? base->config.platform
                                     : Platform::host();
  if (base == nullptr) return;
  image.base_name = base->name;
  image.base_digest = base->descriptor.digest;
  for (std::size_t i = 0; i < base->manifest.layers.size(); ++i)
    image.layers.push_back(base_layer(*base, i));
}

PlannedLayer ImagePlanner::base_layer(const BaseImage& base, std::size_t number) const {
  const Descriptor& blob = base.manifest.layers[number];
  PlannedLayer layer{.state = PlannedLayer::State::base, .blob = blob};
  layer.unpacked = in_.images.unpacked(blob.digest);
  layer.instruction = base.title;
  if (in_.recompression != nullptr && in_.recompression->concerns(blob)) {
    layer.in_store = true;
    if (const auto known = in_.recompression->known(blob, base.config.diff_ids[number])) {
      layer.state = PlannedLayer::State::reused;
      layer.blob = known->descriptor;
    } else {
      layer.state = PlannedLayer::State::built;
      layer.blob.reset();
      layer.causes = {{.kind = Cause::compression}};
    }
    return layer;
  }
  layer.in_store = in_.blobs.has(blob) || in_.request.keep_base_layers;
  if (!in_.blobs.has(blob) && base.remote) layer.repository = repository_of(*base.remote);
  return layer;
}

void ImagePlanner::add(const StageWork& work, bool anew) {
  for (const StageStep& step : work.steps) {
    if (!step.files.empty() || !step.unknown.empty())
      plan_.images.back().layers.push_back(layer_of(work, step, anew));
  }
}

PlannedLayer ImagePlanner::layer_of(const StageWork& work, const StageStep& step, bool anew) {
  const dockerfile::Instruction& instruction = in_.file.instructions[step.plan.instruction];
  PlannedLayer layer{.instruction = instruction.text,
                     .stage = work.stage->name,
                     .file = in_.file.source.file(),
                     .line = instruction.span.line};
  std::string unknown = step.unknown;
  try {
    if (unknown.empty()) look_up(work, step, anew, layer);
  } catch (const NotHere& missing) {
    unknown = missing.what;
  }
  if (!unknown.empty()) {
    layer.state = PlannedLayer::State::unknown;
    layer.causes = {{.kind = Cause::not_here, .name = std::move(unknown)}};
  }
  makes_layers_ = makes_layers_ || layer.state != PlannedLayer::State::reused;
  return layer;
}

void ImagePlanner::look_up(const StageWork& work, const StageStep& step, bool anew,
                           PlannedLayer& layer) {
  if (const auto found = in_.maker.look_up(step.files, anew)) return take(*found, layer);
  const layer::LayerForecast forecast = in_.maker.forecast(step.files, anew);
  layer.state = PlannedLayer::State::built;
  layer.unpacked = forecast.unpacked;
  layer.copied = forecast.copied;
  layer.in_store = true;
  layer.causes = in_.history.explain(work, step, anew);
}

void ImagePlanner::take(const StoredLayer& found, PlannedLayer& layer) {
  const Descriptor& blob = found.record.descriptor;
  layer.state = PlannedLayer::State::reused;
  layer.blob = blob;
  layer.unpacked = found.record.unpacked;
  layer.shared_cache = found.shared_cache;
  layer.in_store = found.host.empty() || in_.request.keep_shared_layers;
  if (found.host.empty()) return;
  const Reference cache = Reference::parse(found.shared_cache);
  layer.repository = concat(found.host, '/', cache.repository);
  if (layer.in_store) {
    add_download(
        {.host = found.host, .what = layer.instruction, .digest = blob.digest, .bytes = blob.size});
  }
}

void ImagePlanner::add_downloads(const StageWork& work) {
  if (work.image != nullptr) add_image(*work.image, work.image != base_);
  for (const StageStep& step : work.steps) {
    if (step.source != nullptr) add_image(*step.source, true);
    const auto* copy = std::get_if<plan::CopyStep>(&step.plan.action);
    if (copy == nullptr || !copy->download ||
        Downloads::is_kept(*copy->download, in_.blobs, in_.cache))
      continue;
    add_download({.host = Downloads::host_of(*copy->download),
                  .what = in_.file.instructions[step.plan.instruction].text,
                  .digest = copy->download->checksum});
  }
}

/// `is_read`: files are copied from it, whose layers come only when a layer is made of them.
void ImagePlanner::add_image(const BaseImage& image, bool is_read) {
  const bool is_kept =
      &image == base_ && (in_.request.keep_base_layers || in_.recompression != nullptr);
  const bool is_certain = is_kept || in_.images.would_fetch(image);
  if (!is_certain && !(is_read && makes_layers_)) return;
  for (const Descriptor& layer : in_.images.missing_layers(image)) {
    add_download(
        {.state = is_certain ? PlannedTransfer::State::certain : PlannedTransfer::State::at_most,
         .host = image.remote->sessions.front()->source().registry,
         .what = image.title,
         .digest = layer.digest,
         .bytes = layer.size});
  }
}

void ImagePlanner::add_download(PlannedTransfer transfer) {
  const auto known = std::ranges::find(plan_.downloads, transfer.digest, &PlannedTransfer::digest);
  if (known == plan_.downloads.end()) {
    plan_.downloads.push_back(std::move(transfer));
  } else if (transfer.state == PlannedTransfer::State::certain) {
    known->state = transfer.state;
  }
}

}  // namespace ocibuild::engine
