// SPDX-License-Identifier: Apache-2.0
#include "build/remote_bases.hpp"

#include <ocibuild/error.hpp>

#include "build/located.hpp"
#include "oci/image_json.hpp"

namespace ocibuild::engine {

RemoteBases::RemoteBases(const BuildRequest& request, EventSink& events, std::stop_token stop)
    : policy_(request.pull) {
  if (!request.network) return;
  if (request.network->offline) {
    silence_ = "--offline asks no registry";
  } else if (policy_ == PullPolicy::never) {
    silence_ = "--pull=never asks no registry";
  } else {
    work_.emplace(*request.network, events, std::move(stop));
  }
}

bool RemoteBases::asks(bool is_local) const {
  return work_.has_value() && (!is_local || policy_ != PullPolicy::missing);
}

std::shared_ptr<const RemoteImage> RemoteBases::find(const Reference& name, bool is_local,
                                                     const store::BlobStore& blobs,
                                                     const SourceRange& where) {
  const auto known = found_.find(name.str());
  if (known != found_.end()) return known->second;
  std::shared_ptr<const RemoteImage> image;
  try {
    image = std::make_shared<RemoteImage>(resolve_image(
        *work_, name, Asking::For::base, policy_ == PullPolicy::newer ? &blobs : nullptr));
  } catch (const Error& error) {
    const bool unreachable =
        error.code() == Errc::retry_later || error.code() == Errc::network_setup;
    if (policy_ != PullPolicy::newer || !is_local || !unreachable) throw located(error, where);
  }
  return found_.emplace(name.str(), std::move(image)).first->second;
}

void RemoteBases::fetch_layers(const RemoteImage& remote, const std::vector<Descriptor>& layers,
                               const store::BlobStore& blobs, const BlobArrived& arrived) {
  std::vector<Descriptor> missing;
  for (const Descriptor& layer : layers) {
    if (!oci::stays_at_urls(layer) && !blobs.has(layer)) missing.push_back(layer);
  }
  fetch_blobs(remote, missing, blobs, *work_, arrived);
}

void RemoteBases::fetch_layer(const RemoteImage& remote, const Descriptor& layer,
                              const store::BlobStore& blobs) {
  if (!blobs.has(layer)) fetch_blobs(remote, {layer}, blobs, *work_);
}

std::shared_ptr<const RemoteImage> RemoteBases::sources(const std::optional<Reference>& name,
                                                        const Descriptor& layer) {
  if (!work_) return nullptr;
  registry::Network& network = work_->network();
  std::vector<registry::Source> sources;
  if (name) sources = network.configuration().pull_sources(*name);
  RemoteImage out;
  for (registry::Source& source : sources) {
    out.sessions.push_back(
        std::make_shared<registry::Session>(network, std::move(source), registry::Purpose::pull));
  }
  const auto url = http::Url::parse(layer.urls.front());
  if (out.sessions.empty() && url) {
    out.sessions.push_back(std::make_shared<registry::Session>(
        network, registry::Source{.registry = url->origin.authority(), .repository = {}},
        registry::Purpose::pull));
  }
  return out.sessions.empty() ? nullptr : std::make_shared<RemoteImage>(std::move(out));
}

}  // namespace ocibuild::engine
