// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/error.hpp>

#include "registry/blob_download.hpp"
#include "registry/network.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// GET of a file into the store, with redirects and repetitions, by the rules of
/// docs/reference/registry.md 6 and 7 for what is read. `expect` is told the size once the server
/// does. @throws Error: add-url-status, checksum-mismatch, redirect-refused, too-many-redirects, or
/// why there was no answer
store::DownloadRecord download_url(registry::Network& network, const http::Url& url,
                                   const Digest& checksum, const store::BlobStore& blobs,
                                   const registry::TransferObserver& observer,
                                   const std::function<void(std::uint64_t)>& expect);

/// What asking for the first byte of a file showed.
struct UrlProbe {
  http::Connection connection{};                 ///< to the host of the URL
  std::optional<http::Failure::Kind> failure{};  ///< of that connection
  http::Origin answered{};                       ///< after redirects
  std::optional<Error> problem{};                ///< what download_url() would throw
};
/// Asks once. @throws Error(Errc::interrupted)
UrlProbe probe_url(registry::Network& network, const http::Url& url);

}  // namespace ocibuild::engine
