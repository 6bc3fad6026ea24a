// SPDX-License-Identifier: Apache-2.0
#include "store/build_cache.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "store/cache_files.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;

namespace {

constexpr std::size_t most_chunk_lists = 32;

/// Files of `kind` by their time.
std::vector<std::filesystem::path> latest_first(const std::filesystem::path& directory,
                                                std::string_view kind) {
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> found;
  std::error_code none;
  for (auto& file : cache_files(directory, kind)) {
    const auto time = std::filesystem::last_write_time(file, none);
    found.emplace_back(time, std::move(file));
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::filesystem::path> files;
  for (auto& [time, file] : found) files.push_back(std::move(file));
  return files;
}

/// A failed write costs time in the next build and is no reason to fail this one.
template <typename Work>
void best_effort(Work&& work) noexcept {
  try {
    work();
  } catch (const std::exception&) {
    // nothing was recorded
  }
}

std::string encode(const DownloadRecord& record) {
  return concat(record.blob.str(), '\n', record.size, '\n', record.modified, '\n');
}

std::string encode(const LayerRecord& record) {
  return concat(record.descriptor.media_type, '\n', record.descriptor.digest.str(), '\n',
                record.descriptor.size, '\n', record.diff_id.str(), '\n', record.unpacked, '\n');
}

}  // namespace

std::optional<LayerRecord> decode_layer(std::string_view text) {
  const std::vector<std::string> lines = support::split(text, '\n');
  if (lines.size() != 6 || !lines[5].empty() || lines[0].empty()) return std::nullopt;
  LayerRecord record;
  record.descriptor.media_type = lines[0];
  if (!support::parse_number(lines[2], UINT64_MAX, record.descriptor.size) ||
      !support::parse_number(lines[4], UINT64_MAX, record.unpacked))
    return std::nullopt;
  try {
    record.descriptor.digest = Digest::parse(lines[1]);
    record.diff_id = DiffId(Digest::parse(lines[3]));
  } catch (const Error&) {
    return std::nullopt;
  }
  return record;
}

std::optional<DownloadRecord> decode_download(std::string_view text) {
  const std::vector<std::string> lines = support::split(text, '\n');
  DownloadRecord record;
  std::uint64_t modified = 0;
  if (lines.size() != 4 || !lines[3].empty() ||
      !support::parse_number(lines[1], UINT64_MAX, record.size) ||
      !support::parse_number(lines[2], INT64_MAX, modified))
    return std::nullopt;
  record.modified = static_cast<std::int64_t>(modified);
  try {
    record.blob = Digest::parse(lines[0]);
  } catch (const Error&) {
    return std::nullopt;
  }
  return record;
}

/// Finds a file and says that it was of use.
std::optional<std::string> BuildCache::use(std::string_view kind, const Digest& key,
                                           std::size_t limit) const {
  auto text = find_cache_file(directory_, kind, key, limit);
  if (text && access_.puts) support::touch(cache_file(directory_, kind, key));
  return text;
}

std::optional<std::string> BuildCache::find(std::string_view kind, const Digest& key,
                                            std::size_t limit) const {
  return access_.finds ? use(kind, key, limit) : std::nullopt;
}

template <typename Work>
void BuildCache::put(Work&& work) const noexcept {
  if (access_.puts) best_effort(std::forward<Work>(work));
}

std::optional<LayerRecord> BuildCache::find_layer(const Digest& key) const {
  const auto text = find(layer_kind, key, record_limit);
  return text ? decode_layer(*text) : std::nullopt;
}

void BuildCache::put_layer(const Digest& key, const LayerRecord& record) const noexcept {
  put([&] { put_cache_file(directory_, layer_kind, key, encode(record)); });
}

std::optional<std::filesystem::file_time_type> BuildCache::layer_used(const Digest& key) const {
  std::error_code error;
  const auto time =
      std::filesystem::last_write_time(cache_file(directory_, layer_kind, key), error);
  return error ? std::nullopt : std::optional(time);
}

bool BuildCache::has_layer_shape(const Digest& shape) const {
  return find(shape_kind, shape, record_limit).has_value();
}

void BuildCache::put_layer_shape(const Digest& shape) const noexcept {
  put([&] { put_cache_file(directory_, shape_kind, shape, {}); });
}

std::optional<DownloadRecord> BuildCache::find_download(const Digest& key) const {
  const auto text = use(download_kind, key, record_limit);
  return text ? decode_download(*text) : std::nullopt;
}

void BuildCache::put_download(const Digest& key, const DownloadRecord& record) const noexcept {
  put([&] { put_cache_file(directory_, download_kind, key, encode(record)); });
}

std::optional<std::string> BuildCache::find_index(const Digest& layer) const {
  return find(index_kind, layer, index_limit);
}

void BuildCache::put_index(const Digest& layer, std::string_view bytes) const noexcept {
  put([&] { put_cache_file(directory_, index_kind, layer, bytes); });
}

std::optional<std::string> BuildCache::find_archive(const Digest& file) const {
  return find(archive_kind, file, index_limit);
}

void BuildCache::put_archive(const Digest& file, std::string_view bytes) const noexcept {
  put([&] { put_cache_file(directory_, archive_kind, file, bytes); });
}

void BuildCache::put_chunks(const Digest& layer, std::string_view bytes) const noexcept {
  put([&] {
    put_cache_file(directory_, chunks_kind, layer, bytes);
    const auto files = latest_first(directory_, chunks_kind);
    for (std::size_t i = most_chunk_lists; i < files.size(); ++i) std::filesystem::remove(files[i]);
  });
}

std::vector<std::pair<Digest, std::string>> BuildCache::find_chunks() const {
  std::vector<std::pair<Digest, std::string>> lists;
  if (!access_.finds) return lists;
  best_effort([&] {
    for (const auto& file : latest_first(directory_, chunks_kind)) {
      const Digest layer = Digest::parse(concat("sha256:", file.filename().native()));
      if (auto bytes = find_cache_file(directory_, chunks_kind, layer, chunk_list_limit))
        lists.emplace_back(layer, *std::move(bytes));
    }
  });
  return lists;
}

std::optional<std::string> BuildCache::find_steps(const Digest& stage) const {
  return use(steps_kind, stage, steps_limit);
}

void BuildCache::put_steps(const Digest& stage, std::string_view bytes) const noexcept {
  put([&] { put_cache_file(directory_, steps_kind, stage, bytes); });
}

std::vector<std::string> BuildCache::find_repositories(const Digest& blob) const {
  const auto text = use(repositories_kind, blob, record_limit);
  std::vector<std::string> names = support::split(text.value_or(""), '\n');
  std::erase(names, "");
  return names;
}

void BuildCache::put_repositories(const Digest& blob,
                                  const std::vector<std::string>& names) const noexcept {
  put([&] { put_cache_file(directory_, repositories_kind, blob, support::join(names, "\n")); });
}

std::filesystem::path BuildCache::stat_index_file(const std::filesystem::path& root) const {
  return directory_ / stat_index_directory / oci::sha256(root.native()).hex();
}

}  // namespace ocibuild::store
