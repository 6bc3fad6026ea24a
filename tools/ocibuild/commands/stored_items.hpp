// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ocibuild/upkeep.hpp>

/// How `cache` shows files of the store.
namespace ocibuild::program {

/// What only an image with a name keeps from being removed is not reclaimable.
bool is_reclaimable(const StoredItem& item);
std::uint64_t bytes_of(const std::vector<StoredItem>& items);

/// A table with docker's columns. `whole`: nothing is cut. `now`: seconds since 1970 UTC
std::string table_of(const std::vector<StoredItem>& items, std::int64_t now, bool whole);
/// A JSON object a line.
std::string json_of(const std::vector<StoredItem>& items, std::int64_t now);

}  // namespace ocibuild::program
