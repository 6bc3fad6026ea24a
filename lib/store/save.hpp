// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include <ocibuild/transfer.hpp>

#include "store/oci_layout.hpp"
#include "support/bytes.hpp"

namespace ocibuild::store {

/// What save() writes as ImageContainer::docker_archive, to wherever `out` leads. The caller holds
/// the store.
void write_docker_archive(const OciLayout& layout, const std::vector<SavedImage>& images,
                          support::ByteSink& out, const std::stop_token& stop);

/// Bytes of the blobs in it, which are nearly all of it.
std::uint64_t docker_archive_size(const OciLayout& layout, const std::vector<SavedImage>& images);

}  // namespace ocibuild::store
