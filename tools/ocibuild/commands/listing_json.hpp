// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <ocibuild/image_store.hpp>

/// The JSON that listings print, with docker's key names. One line each, but for inspect.
namespace ocibuild::program {

/// One line of `images`; the texts are as the table shows them without cutting.
struct ImageRow {
  std::string repository{};
  std::string tag{};
  std::string digest{};
  std::string id{};
  std::string created{};  ///< RFC 3339, may be empty
  std::string age{};
  std::uint64_t size = 0;
};

/// One line of `history`.
struct HistoryRow {
  std::string id{};  ///< digest of the layer; empty for an entry without one
  std::string created{};
  std::string age{};
  std::string created_by{};
  std::uint64_t size = 0;
  std::optional<std::uint64_t> unpacked{};  ///< of the layer's tar; absent where it is not known
  std::string comment{};
};

/// One line of `cache ls` and of what was removed.
struct StoredRow {
  std::string kind{};
  std::string id{};
  std::string last_use{};  ///< RFC 3339
  std::string age{};
  std::uint64_t size = 0;
  std::vector<std::string> names{};
  bool reclaimable = false;
};

std::string stored_json(const StoredRow& row);
std::string image_json(const ImageRow& row);
std::string history_json(const HistoryRow& row);
/// One object of `inspect`, without the array around it; `names` are all names of the image.
std::string inspect_json(const ImageDetails& details, const std::vector<Reference>& names);
std::string version_json();

}  // namespace ocibuild::program
