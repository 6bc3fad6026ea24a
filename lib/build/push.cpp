// SPDX-License-Identifier: Apache-2.0
// Images of the store to registries (docs/reference/registry.md, 9 and 10).
#include <map>
#include <set>

#include <ocibuild/plan.hpp>
#include <ocibuild/transfer.hpp>

#include "build/cache_export.hpp"
#include "build/push_target.hpp"
#include "build/recompression.hpp"
#include "oci/image_json.hpp"
#include "store/hold.hpp"
#include "store/oci_layout.hpp"
#include "support/text.hpp"
#include "support/worker_group.hpp"

namespace ocibuild {

namespace {

std::filesystem::path cache_of(const PushSettings& settings) {
  return settings.cache.empty() ? settings.store / "cache" : settings.cache;
}

/// Each layer of all images once; those that stay at URLs are not sent.
std::vector<PlannedLayer> layers_of(const BuildPlan& plan) {
  std::vector<PlannedLayer> out;
  std::set<Digest> seen;
  for (const PlannedImage& image : plan.images) {
    for (const PlannedLayer& layer : image.layers) {
      if (layer.blob &&
          (oci::stays_at_urls(*layer.blob) || !seen.insert(layer.blob->digest).second))
        continue;
      out.push_back(layer);
    }
  }
  return out;
}

}  // namespace

struct Pusher::Impl {
  Impl(PushSettings given, EventSink& events, std::stop_token given_stop)
      : settings(std::move(given)),
        stop(std::move(given_stop)),
        layout(settings.store),
        cache(cache_of(settings)),
        sources(cache),
        work(settings.network, events, stop),
        shared{work, layout.blobs(), sources} {
    if (settings.compression) {
      recompression.emplace(*settings.compression, support::available_cpus(), layout.blobs(), cache,
                            events, stop);
    }
  }

  engine::PushTarget& target(const Reference& name) {
    const std::string repository = support::concat(name.registry, '/', name.repository);
    std::unique_ptr<engine::PushTarget>& target = targets[repository];
    if (!target) {
      target = std::make_unique<engine::PushTarget>(
          shared, work.network().configuration().push_target(name));
    }
    return *target;
  }

  /// What is sent. Base layers that change are fetched from where the build found them.
  Descriptor converted(const Descriptor& image) {
    if (!recompression) return image;
    return recompression->convert_image(image, [this](const std::vector<Descriptor>& layers) {
      sources.fetch(layers, layout.blobs(), work);
    });
  }

  const PushSettings settings;
  const std::stop_token stop;
  store::OciLayout layout;
  const store::BuildCache cache;
  std::optional<engine::Recompression> recompression{};  // absent: layers go as they are
  const engine::BlobSources sources;
  engine::RegistryWork work;
  const engine::PushTarget::Shared shared;
  std::map<std::string, std::unique_ptr<engine::PushTarget>> targets;
};

Pusher::Pusher(PushSettings settings, EventSink& events, std::stop_token stop)
    : impl_(std::make_unique<Impl>(std::move(settings), events, std::move(stop))) {}

Pusher::~Pusher() = default;

void Pusher::check(const std::vector<Reference>& names) {
  if (impl_->settings.network.skip_push_check) return;
  std::set<engine::PushTarget*> checked;
  for (const Reference& name : names) {
    engine::PushTarget& target = impl_->target(name);
    if (checked.insert(&target).second) target.check();
  }
}

PushResult Pusher::send(const Descriptor& given, const std::vector<Reference>& names) {
  const auto hold = store::Hold::shared(impl_->layout, impl_->stop);
  const std::uint64_t before = impl_->work.network().downloaded();
  const Descriptor image = impl_->converted(given);
  const engine::PushContents contents = engine::read_contents(impl_->layout.blobs(), image);
  std::vector<engine::PushTarget*> targets;  // in the order of the names
  std::map<engine::PushTarget*, std::vector<Reference>> names_of;
  for (const Reference& name : names) {
    engine::PushTarget& target = impl_->target(name);
    if (names_of[&target].empty()) targets.push_back(&target);
    names_of[&target].push_back(name);
  }
  PushResult result{.digest = image.digest};
  for (engine::PushTarget* target : targets) {
    const engine::PushedBytes moved = target->send(contents, names_of[target]);
    result.uploaded += moved.uploaded;
    result.mounted += moved.mounted;
    result.was_there += moved.was_there;
  }
  result.downloaded = impl_->work.network().downloaded() - before;
  return result;
}

std::optional<PushResult> Pusher::send_cache(const BuildResult& result, const Reference& name) {
  const auto hold = store::Hold::shared(impl_->layout, impl_->stop);
  const auto contents = engine::cache_contents(result, impl_->layout.blobs(), impl_->cache);
  if (!contents) return std::nullopt;
  const std::uint64_t before = impl_->work.network().downloaded();
  const engine::PushedBytes moved =
      impl_->target(name).send(*contents, {name}, Asking::For::cache_to);
  return PushResult{.digest = contents->documents.back().descriptor.digest,
                    .uploaded = moved.uploaded,
                    .mounted = moved.mounted,
                    .was_there = moved.was_there,
                    .downloaded = impl_->work.network().downloaded() - before};
}

std::vector<PlannedTransfer> Pusher::plan(const BuildPlan& plan,
                                          const std::vector<Reference>& names) {
  const std::vector<PlannedLayer> layers = layers_of(plan);
  std::vector<PlannedTransfer> out;
  std::set<engine::PushTarget*> planned;
  for (const Reference& name : names) {
    engine::PushTarget& target = impl_->target(name);
    if (planned.insert(&target).second) target.plan(layers, plan.downloads, out);
  }
  return out;
}

}  // namespace ocibuild
