// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stop_token>
#include <vector>

#include <ocibuild/transfer.hpp>

namespace ocibuild::store {

/// ocibuild::load(), which also looks into the layers for builds to come: this does not.
std::vector<StoredImage> load(const std::filesystem::path& root, const Endpoint& source,
                              std::stop_token stop = {});

}  // namespace ocibuild::store
