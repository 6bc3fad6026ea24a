// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
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
                                          const SourceRange& where);

  /// All of `layers` that the store lacks, several at a time.
  void fetch_layers(const RemoteImage& remote, const std::vector<Descriptor>& layers,
                    const store::BlobStore& blobs);

private:
  const PullPolicy policy_;
  std::optional<RegistryWork> work_;  // absent: no registry may be asked
  std::map<std::string, std::shared_ptr<const RemoteImage>> found_;
};

}  // namespace ocibuild::engine
