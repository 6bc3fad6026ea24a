// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/digest.hpp>

#include "support/temp_file.hpp"

/// The files of a cache directory: DIRECTORY/KIND/XX/KEY, where KIND ends in the version of its
/// format (docs/reference/image.md, 7).
namespace ocibuild::store {

inline constexpr std::size_t record_limit = 64 * 1024;
inline constexpr std::size_t index_limit = 256 * 1024 * 1024;
inline constexpr std::size_t chunk_list_limit = 16 * 1024 * 1024;
inline constexpr std::size_t steps_limit = 1024 * 1024;
inline constexpr std::string_view layer_kind = "layer-record-2";
inline constexpr std::string_view shape_kind = "layer-shape-1";
inline constexpr std::string_view download_kind = "download-2";
inline constexpr std::string_view index_kind = "layer-index-1";
inline constexpr std::string_view archive_kind = "archive-index-1";
inline constexpr std::string_view chunks_kind = "layer-chunks-2";
inline constexpr std::string_view repositories_kind = "blob-repositories-1";
inline constexpr std::string_view steps_kind = "stage-steps-1";
/// Without keys and versions of this sort: context::StatIndex's.
inline constexpr std::string_view stat_index_directory = "stat-index";

std::filesystem::path cache_file(const std::filesystem::path& directory, std::string_view kind,
                                 const Digest& key);

/// What put_cache_file() wrote there; nothing if that is not there, or damaged, truncated, or of
/// another kind or key.
std::optional<std::string> find_cache_file(const std::filesystem::path& directory,
                                           std::string_view kind, const Digest& key,
                                           std::size_t limit);

/// By rename, without waiting for the disk: damage is seen, and costs time only. @throws Error,
/// std::filesystem::filesystem_error
void put_cache_file(const std::filesystem::path& directory, std::string_view kind,
                    const Digest& key, std::string_view body);

/// All files of `kind`. Those that vanish meanwhile are left out.
std::vector<std::filesystem::path> cache_files(const std::filesystem::path& directory,
                                               std::string_view kind);

}  // namespace ocibuild::store
