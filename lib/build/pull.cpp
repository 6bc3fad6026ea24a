// SPDX-License-Identifier: Apache-2.0
// A registry image into the store (docs/reference/registry.md, 8).
#include <set>

#include <ocibuild/error.hpp>
#include <ocibuild/transfer.hpp>

#include "build/blob_sources.hpp"
#include "build/layer_indexes.hpp"
#include "build/registry_image.hpp"
#include "build/registry_work.hpp"
#include "oci/image_json.hpp"
#include "oci/platform_choice.hpp"
#include "store/hold.hpp"
#include "store/oci_layout.hpp"
#include "support/text.hpp"

namespace ocibuild {
namespace engine {
namespace {

using support::concat;

std::vector<Descriptor> descriptors_of(const std::vector<registry::Document>& documents) {
  std::vector<Descriptor> out;
  for (const registry::Document& document : documents) out.push_back(document.descriptor);
  return out;
}

class Puller {
public:
  Puller(const PullRequest& request, EventSink& events, std::stop_token stop)
      : request_(request),
        events_(events),
        stop_(std::move(stop)),
        layout_(request.store),
        work_(request.network, events, stop_) {}

  PullResult run() {
    layout_.blobs().check_writable();
    const auto hold = store::Hold::shared(layout_, stop_);
    remote_ = resolve_image(work_, request_.name, Asking::For::pull);
    const std::vector<registry::Document> manifests = chosen_manifests();
    const store::BuildCache cache(request_.store / "cache");
    ArrivingLayers layers(layout_.blobs(), cache, stop_);
    std::vector<Descriptor> blobs;
    for (const registry::Document& document : manifests) add_blobs(document, blobs, layers);
    fetched_ = fetch_blobs(remote_, blobs, layout_.blobs(), work_,
                           [&](const Descriptor& blob) { layers.arrived(blob); });
    BlobSources(cache).note(blobs, remote_);
    for (const registry::Document& document : manifests) keep(document);
    for (const registry::Document& document : indexes_) keep(document);
    compare_platform();
    if (oci::is_index(remote_.document.descriptor.media_type)) keep(remote_.document);

    PullResult result;
    result.image = {request_.name, remote_.document.descriptor};
    const std::string digest = remote_.document.descriptor.digest.str();
    result.served_by = remote_.sessions.front()->source().registry;
    result.was_there = !fetched_;
    layout_.set_name(remote_.document.descriptor, request_.name.str());
    make_indexes(layout_, cache, descriptors_of(manifests), stop_);
    events_.on_event(ImageDone{request_.name.str(), digest});
    events_.on_event(Pulled{request_.name.str(), digest, remote_.via(), result.was_there});
    return result;
  }

private:
  std::vector<registry::Document> chosen_manifests() {
    if (!oci::is_index(remote_.document.descriptor.media_type)) return {remote_.document};
    const Index index = oci::parse_index(remote_.document.bytes);
    std::vector<registry::Document> out;
    const std::vector<Platform> wanted =
        request_.platforms.empty() ? std::vector{Platform::host()} : request_.platforms;
    for (const Platform& platform : wanted) {
      registry::Document found = fetch_child(remote_, entry_for(index, platform));
      if (oci::is_index(found.descriptor.media_type)) {
        indexes_.push_back(found);
        found = fetch_child(remote_, entry_for(oci::parse_index(found.bytes), platform));
      }
      if (oci::is_index(found.descriptor.media_type)) {
        throw Error(Errc::failed, "manifest-invalid",
                    concat(request_.name.familiar(), " is an index of indexes of indexes"));
      }
      out.push_back(std::move(found));
    }
    return out;
  }

  const Descriptor& entry_for(const Index& index, const Platform& platform) const {
    const Descriptor* entry = oci::choose_platform(index, platform);
    if (entry == nullptr) throw_platform_missing(index, platform);
    return *entry;
  }

  /// An image that is no index may be for any platform; who asked for one is told (P7.8).
  void compare_platform() {
    if (oci::is_index(remote_.document.descriptor.media_type)) return;
    const Descriptor config = oci::parse_manifest(remote_.document.bytes).config;
    const Platform is =
        oci::parse_image_config(layout_.blobs().read(config, oci::config_limit)).platform;
    for (const Platform& wanted : request_.platforms) {
      if (is.os == wanted.os && is.architecture == wanted.architecture) continue;
      events_.on_event(Warning{{"platform-mismatch",
                                concat(request_.name.familiar(), " is for ", is.str(), ", not for ",
                                       wanted.str(), ", and there is no other"),
                                {},
                                {},
                                {}}});
    }
  }

  [[noreturn]] void throw_platform_missing(const Index& index, const Platform& platform) const {
    throw Error(Errc::not_found,
                {"platform-missing",
                 concat(request_.name.familiar(), " has no image for ", platform.str()),
                 {},
                 {concat("it has: ", support::join(oci::offered_platforms(index), ", "))},
                 {}});
  }

  void add_blobs(const registry::Document& document, std::vector<Descriptor>& blobs,
                 ArrivingLayers& layers) {
    const Manifest manifest = oci::parse_manifest(document.bytes);
    layers.expect(manifest);
    const auto add = [&](const Descriptor& blob) {
      if (seen_.insert(blob.digest).second && !oci::stays_at_urls(blob)) blobs.push_back(blob);
    };
    add(manifest.config);
    for (const Descriptor& layer : manifest.layers) add(layer);
  }

  void keep(const registry::Document& document) {
    if (layout_.blobs().has(document.descriptor)) return;
    fetched_ = true;
    layout_.blobs().put(document.descriptor.media_type, document.bytes);
  }

  const PullRequest& request_;
  EventSink& events_;
  const std::stop_token stop_;
  store::OciLayout layout_;
  RegistryWork work_;
  RemoteImage remote_;
  std::vector<registry::Document> indexes_{};  ///< that an index lists
  std::set<Digest> seen_;
  bool fetched_ = false;
};

}  // namespace
}  // namespace engine

PullResult pull(const PullRequest& request, EventSink& events, std::stop_token stop) {
  return engine::Puller(request, events, std::move(stop)).run();
}

}  // namespace ocibuild
