// SPDX-License-Identifier: Apache-2.0
// What a registry says of an image, without a store (docs/reference/cli.md, 6.22).
#include <ocibuild/error.hpp>
#include <ocibuild/remote.hpp>

#include "build/registry_image.hpp"
#include "build/registry_work.hpp"
#include "store/image_details.hpp"
#include "support/text.hpp"

namespace ocibuild {

namespace {

/// The documents that one image of a registry leads to; each is fetched when it is read.
class RemoteOrigin final : public store::BlobOrigin {
public:
  RemoteOrigin(const engine::RemoteImage& remote, const Reference& name)
      : remote_(remote), name_(name) {}

  bool has(const Digest& /*digest*/) const override { return true; }
  void check(const Descriptor& /*descriptor*/) const override {}
  std::string read(const Descriptor& descriptor, std::size_t limit) const override {
    return engine::fetch_document(remote_, descriptor, limit);
  }

private:
  Error complaint(std::string_view why) const override {
    return Error(Errc::failed, "manifest-invalid", support::concat(name_.familiar(), ": ", why));
  }

  const engine::RemoteImage& remote_;
  const Reference& name_;
};

}  // namespace

ImageDetails remote_details(const Reference& name, const std::optional<Platform>& platform,
                            const NetworkSettings& network, EventSink& events,
                            std::stop_token stop) {
  engine::RegistryWork work(network, events, std::move(stop));
  const engine::RemoteImage remote = engine::resolve_image(work, name, Asking::For::diagnosis);
  return store::read_details(RemoteOrigin(remote, name), {name, remote.document.descriptor},
                             platform);
}

}  // namespace ocibuild
