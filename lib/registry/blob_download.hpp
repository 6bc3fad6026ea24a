// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/image.hpp>

#include "registry/session.hpp"
#include "support/bytes.hpp"

namespace ocibuild::registry {

/// Where the bytes of a blob go. Called on the thread of download_blob().
class BlobSink {
public:
  virtual ~BlobSink() = default;
  virtual void write(support::Bytes bytes) = 0;
  /// Throws away what was written: the bytes come again from the first one.
  virtual void restart() = 0;
};

/// What a transfer tells while it moves: bytes of the blob that are there, and what goes wrong and
/// is tried again.
struct TransferObserver {
  std::function<void(std::uint64_t done)> moved{};
  Repeater::Observer repeats{};
};

/// GET of a blob from the first of `sources` that gives it whole: resumed after breaks, verified
/// against digest and size before it returns (docs/reference/registry.md, P8 to P10 and Y5). A
/// foreign layer that none of them gives comes from its URLs (P6).
/// `sources` is not empty and outlives the call. `stop` ends it instead of the network's. Memory
/// does not grow with the blob.
/// @throws Error: blob-corrupt, size-mismatch, registry-unavailable … of the last source
void download_blob(const std::vector<std::shared_ptr<Session>>& sources,
                   const Descriptor& descriptor, BlobSink& sink,
                   const TransferObserver& observer = {},
                   const std::optional<std::stop_token>& stop = {});

}  // namespace ocibuild::registry
