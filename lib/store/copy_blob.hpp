// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include <ocibuild/image.hpp>

#include "store/blob_store.hpp"
#include "support/bytes.hpp"

namespace ocibuild::store {

/// Writes the bytes of a stored blob to `out`, verified on the way: when this throws
/// Error(Errc::failed, blob-missing, blob-corrupt), `out` must not be used.
void send_blob(const BlobStore& from, const Descriptor& blob, support::ByteSink& out,
               const std::stop_token& stop);

/// Copies a blob into another store, unless it is there already. Verified before it gets its name.
void copy_blob(const BlobStore& from, const Descriptor& blob, const BlobStore& to,
               const std::stop_token& stop);

}  // namespace ocibuild::store
