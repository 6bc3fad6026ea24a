// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "compress/codec.hpp"
#include "support/bytes.hpp"

namespace ocibuild::compress {

/// Undoes any compression of a layer blob, found by its first bytes: gzip (any number of members),
/// zstd (any number of frames), none. `in` must outlive the result; `what` names the blob in
/// errors. Reading throws Error(Errc::failed, blob-corrupt) naming blob and offset for a damaged or
/// truncated stream.
std::unique_ptr<support::ByteSource> decompress(support::ByteSource& in, std::string what);

}  // namespace ocibuild::compress
