// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include <ocibuild/digest.hpp>

namespace ocibuild::oci {

/// The bytes of a SHA-256, for what is kept and compared by the ten thousands.
using RawSha256 = std::array<unsigned char, 32>;

/// `digest`: a SHA-256.
RawSha256 raw_sha256(const Digest& digest);
Digest to_digest(const RawSha256& raw);

}  // namespace ocibuild::oci
