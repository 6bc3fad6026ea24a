// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ocibuild/reference.hpp>

#include "build/registry_work.hpp"
#include "registry/blob_download.hpp"
#include "registry/manifests.hpp"
#include "store/blob_store.hpp"

namespace ocibuild::engine {

/// What a name means at its registry, or at a mirror of it.
struct RemoteImage {
  registry::Document document;  ///< manifest or index
  std::vector<std::shared_ptr<registry::Session>>
      sessions;                     ///< that gave it first, then the others
  std::chrono::nanoseconds took{};  ///< to find it

  /// The mirror that gave it; empty: its own registry.
  std::string via() const;
};

/// Asks the sources of `name` in order (docs/reference/registry.md, C3), after saying so.
/// @throws Error of the registry itself, with a note for each mirror that failed; of a tag that is
/// nowhere with those that are nearest to it (P11)
///
/// `known`: may have the document already, which then is not fetched (P2); may be null.
RemoteImage resolve_image(RegistryWork& work, const Reference& name, Asking::For purpose,
                          const store::BlobStore* known = nullptr);

/// A document that `remote`'s index names, verified.
registry::Document fetch_child(const RemoteImage& remote, const Descriptor& child);

/// A blob of `remote` into the store, complete and verified or not at all. False: it was there.
/// Thread-safe.
bool fetch_blob(const RemoteImage& remote, const Descriptor& blob, const store::BlobStore& blobs,
                const registry::TransferObserver& observer = {});

/// A small blob that is only looked at, verified.
std::string fetch_text(const RemoteImage& remote, const Descriptor& blob);

/// A manifest, index or config, which then is nowhere in the store.
/// @throws Error(Errc::failed, too-large)
std::string fetch_document(const RemoteImage& remote, const Descriptor& document,
                           std::size_t limit);

/// Told of each blob that came, in the thread that brought it, while others are on their way.
using BlobArrived = std::function<void(const Descriptor&)>;

/// Several blobs at a time, with events. False: all were there. What `arrived` throws ends it.
bool fetch_blobs(const RemoteImage& remote, const std::vector<Descriptor>& wanted,
                 const store::BlobStore& blobs, RegistryWork& work,
                 const BlobArrived& arrived = {});

}  // namespace ocibuild::engine
