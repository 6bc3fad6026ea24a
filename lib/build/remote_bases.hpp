// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/build.hpp>

#include "build/registry_image.hpp"
#include "build/registry_work.hpp"

namespace ocibuild::engine {

/// Base images of registries, for a build that may ask them (docs/reference/image.md, 1). What is
/// fetched goes into the store: documents at once, layers only when somebody needs their bytes.
class RemoteBases {
public:
  /// The arguments must outlive this.
  RemoteBases(const BuildRequest& request, EventSink& events, std::stop_token stop);

  /// True when the policy asks a registry although the store has the image, or because it lacks it.
  bool asks(bool is_local) const;
  /// The image of that name, asked for once a build. Null: the policy is `newer`, the store has it,
  /// and no registry could be asked. @throws Error with `where`, as resolve_image()
  std::shared_ptr<const RemoteImage> find(const Reference& name, bool is_local,
                                          const store::BlobStore& blobs, const SourceRange& where);

  /// All of `layers` that the store lacks, several at a time; foreign ones stay at their URLs.
  void fetch_layers(const RemoteImage& remote, const std::vector<Descriptor>& layers,
                    const store::BlobStore& blobs, const BlobArrived& arrived = {});
  /// A layer whose bytes are needed, a foreign one from its URLs if the registry lacks it.
  void fetch_layer(const RemoteImage& remote, const Descriptor& layer,
                   const store::BlobStore& blobs);
  /// Where a foreign layer of an image that nobody asked a registry for may be: at the registry of
  /// its name, if it has one, and at its URLs. Null: no registry may be asked.
  std::shared_ptr<const RemoteImage> sources(const std::optional<Reference>& name,
                                             const Descriptor& layer);

  /// For messages, when no registry may be asked: "--offline asks no registry".
  std::string_view silence() const { return silence_; }
  /// Bytes so far.
  std::uint64_t downloaded() { return work_ ? work_->network().downloaded() : 0; }

private:
  const PullPolicy policy_;
  std::string_view silence_ = "no registry is asked";
  std::optional<RegistryWork> work_;  // absent: no registry may be asked
  std::map<std::string, std::shared_ptr<const RemoteImage>> found_;
};

}  // namespace ocibuild::engine
