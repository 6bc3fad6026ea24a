// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <ocibuild/image.hpp>
#include <ocibuild/transfer.hpp>

#include "flags.hpp"

namespace ocibuild::program {

/// What `gzip`, `zstd` or `uncompressed` means. @throws Error(Errc::usage)
Compression compression_named(const std::string& name);

/// A level of that compression. @throws Error(Errc::usage) for one that it does not have
int compression_level(const std::string& text, Compression compression);

/// --compression of a push, and what stands beside it; nothing when layers go as they are stored.
/// @throws Error(Errc::usage)
std::optional<SentCompression> sent_compression(const ParsedFlags& flags);

}  // namespace ocibuild::program
