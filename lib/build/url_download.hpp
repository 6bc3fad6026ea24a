// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace ocibuild::engine
