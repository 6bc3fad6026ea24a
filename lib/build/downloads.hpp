// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>

#include <ocibuild/build.hpp>

#include "build/fetching.hpp"
#include "build/registry_work.hpp"
#include "dockerfile/findings.hpp"
#include "oci/file_tree.hpp"
#include "plan/build_plan.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// The files that ADD fetches (docs/reference/dockerfile.md, 9.7). Each is fetched once, verified,
/// and kept in the store: as its content is known beforehand, no later build asks for it again.
/// Not thread-safe.
class Downloads {
public:
  /// The arguments must outlive this. Nothing is opened before a file is missing.
  Downloads(const BuildRequest& request, const store::BlobStore& blobs,
            const store::BuildCache& cache, EventSink& events, std::stop_token stop,
            Fetching fetching = Fetching::all);

  /// A regular file 0600 of root, its path the name that its URL gives it. Its time is that of the
  /// server. @throws Error with the place of the URL: add-url-invalid, add-url-offline,
  /// add-url-status, checksum-mismatch, or why there was no answer
  oci::TreeFile fetch(const plan::Download& wanted, const dockerfile::Findings& findings);

  /// Bytes so far.
  std::uint64_t downloaded() { return work_ ? work_->network().downloaded() : 0; }
  /// The server that a file comes from; empty for what is no address.
  static std::string host_of(const plan::Download& wanted);
  /// True if fetch() would ask nobody.
  static bool is_kept(const plan::Download& wanted, const store::BlobStore& blobs,
                      const store::BuildCache& cache);

private:
  store::DownloadRecord get(const http::Url& url, const Digest& checksum);

  const NetworkSettings* const settings_;  ///< null: no connection may be opened
  const store::BlobStore& blobs_;
  const store::BuildCache& cache_;
  EventSink& events_;
  const std::stop_token stop_;
  const Fetching fetching_;
  std::optional<RegistryWork> work_;  ///< made for the first file that is missing
};

}  // namespace ocibuild::engine
