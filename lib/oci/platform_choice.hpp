// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <ocibuild/image.hpp>

namespace ocibuild::oci {

/// The entry of an index that is the image for `wanted`; null when there is none
/// (docs/reference/registry.md, P7): same system and architecture, the nearest variant that such a
/// processor runs, attestations and unknown platforms never.
const Descriptor* choose_platform(const Index& index, const Platform& wanted);

/// Indexes on the way to a manifest: one that is listed by another is followed, no more (P7.7).
inline constexpr unsigned most_nested_indexes = 2;

/// The platforms an index offers, for a message.
std::vector<std::string> offered_platforms(const Index& index);

}  // namespace ocibuild::oci
