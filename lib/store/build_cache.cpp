// SPDX-License-Identifier: Apache-2.0
#include "store/build_cache.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;

namespace {

constexpr std::size_t record_limit = 64 * 1024;
constexpr std::size_t index_limit = 256 * 1024 * 1024;
constexpr std::size_t chunk_list_limit = 16 * 1024 * 1024;
constexpr std::string_view layer_kind = "layer-record-2";
constexpr std::string_view shape_kind = "layer-shape-1";
constexpr std::string_view download_kind = "download-1";
constexpr std::string_view index_kind = "layer-index-1";
constexpr std::string_view archive_kind = "archive-index-1";
constexpr std::string_view chunks_kind = "layer-chunks-2";
constexpr std::size_t most_chunk_lists = 32;
constexpr std::string_view repositories_kind = "blob-repositories-1";

/// Two levels, so that no directory grows to millions of names.
std::filesystem::path record_file(const std::filesystem::path& directory, std::string_view kind,
                                  const Digest& key) {
  return directory / kind / key.hex().substr(0, 2) / key.hex();
}

/// The first line of a file says what it is, whose, and how its body hashes: then a truncated,
/// renamed or foreign file is recognised.
std::string header(std::string_view kind, const Digest& key, std::string_view body) {
  return concat("ocibuild ", kind, ' ', key.str(), ' ', oci::sha256(body).str(), '\n');
}

std::optional<std::string> find(const std::filesystem::path& directory, std::string_view kind,
                                const Digest& key, std::size_t limit) {
  std::string text;
  try {
    text = support::read_file(record_file(directory, kind, key), limit);
  } catch (const Error&) {
    return std::nullopt;
  }
  const std::size_t end = text.find('\n');
  if (end == std::string::npos) return std::nullopt;
  const std::string_view body = std::string_view(text).substr(end + 1);
  if (std::string_view(text).substr(0, end + 1) != header(kind, key, body)) return std::nullopt;
  text.erase(0, end + 1);
  return text;
}

void put(const std::filesystem::path& directory, std::string_view kind, const Digest& key,
         std::string_view body) {
  const auto temporary = directory / "tmp";
  support::remove_stale_temp_files(temporary);
  support::TempFile file(temporary);
  file.write(support::as_bytes(header(kind, key, body)));
  file.write(support::as_bytes(body));
  const auto target = record_file(directory, kind, key);
  std::filesystem::create_directories(target.parent_path());
  file.commit(target);
}

/// Files that record_file() named below `directory`, by their time.
std::vector<std::filesystem::path> latest_first(const std::filesystem::path& directory) {
  std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> found;
  std::error_code none;
  for (const auto& part : std::filesystem::directory_iterator(directory, none)) {
    for (const auto& file : std::filesystem::directory_iterator(part.path(), none))
      found.emplace_back(file.last_write_time(none), file.path());
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

std::string encode(const LayerRecord& record) {
  return concat(record.descriptor.media_type, '\n', record.descriptor.digest.str(), '\n',
                record.descriptor.size, '\n', record.diff_id.str(), '\n', record.unpacked, '\n');
}

std::optional<LayerRecord> decode(std::string_view text) {
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

}  // namespace

std::optional<LayerRecord> BuildCache::find_layer(const Digest& key) const {
  const auto text = find(directory_, layer_kind, key, record_limit);
  return text ? decode(*text) : std::nullopt;
}

void BuildCache::put_layer(const Digest& key, const LayerRecord& record) const noexcept {
  best_effort([&] { put(directory_, layer_kind, key, encode(record)); });
}

bool BuildCache::has_layer_shape(const Digest& shape) const {
  return find(directory_, shape_kind, shape, record_limit).has_value();
}

void BuildCache::put_layer_shape(const Digest& shape) const noexcept {
  best_effort([&] { put(directory_, shape_kind, shape, {}); });
}

std::optional<DownloadRecord> BuildCache::find_download(const Digest& key) const {
  const auto text = find(directory_, download_kind, key, record_limit);
  const std::vector<std::string> lines = support::split(text.value_or(""), '\n');
  DownloadRecord record;
  std::uint64_t modified = 0;
  if (lines.size() != 3 || !lines[2].empty() ||
      !support::parse_number(lines[0], UINT64_MAX, record.size) ||
      !support::parse_number(lines[1], INT64_MAX, modified))
    return std::nullopt;
  record.modified = static_cast<std::int64_t>(modified);
  return record;
}

void BuildCache::put_download(const Digest& key, const DownloadRecord& record) const noexcept {
  best_effort([&] {
    put(directory_, download_kind, key, concat(record.size, '\n', record.modified, '\n'));
  });
}

std::optional<std::string> BuildCache::find_index(const Digest& layer) const {
  return find(directory_, index_kind, layer, index_limit);
}

void BuildCache::put_index(const Digest& layer, std::string_view bytes) const noexcept {
  best_effort([&] { put(directory_, index_kind, layer, bytes); });
}

std::optional<std::string> BuildCache::find_archive(const Digest& file) const {
  return find(directory_, archive_kind, file, index_limit);
}

void BuildCache::put_archive(const Digest& file, std::string_view bytes) const noexcept {
  best_effort([&] { put(directory_, archive_kind, file, bytes); });
}

void BuildCache::put_chunks(const Digest& layer, std::string_view bytes) const noexcept {
  best_effort([&] {
    put(directory_, chunks_kind, layer, bytes);
    const auto files = latest_first(directory_ / chunks_kind);
    for (std::size_t i = most_chunk_lists; i < files.size(); ++i) std::filesystem::remove(files[i]);
  });
}

std::vector<std::pair<Digest, std::string>> BuildCache::find_chunks() const {
  std::vector<std::pair<Digest, std::string>> lists;
  best_effort([&] {
    for (const auto& file : latest_first(directory_ / chunks_kind)) {
      const Digest layer = Digest::parse(concat("sha256:", file.filename().native()));
      if (auto bytes = find(directory_, chunks_kind, layer, chunk_list_limit))
        lists.emplace_back(layer, *std::move(bytes));
    }
  });
  return lists;
}

std::vector<std::string> BuildCache::find_repositories(const Digest& blob) const {
  const auto text = find(directory_, repositories_kind, blob, record_limit);
  std::vector<std::string> names = support::split(text.value_or(""), '\n');
  std::erase(names, "");
  return names;
}

void BuildCache::put_repositories(const Digest& blob,
                                  const std::vector<std::string>& names) const noexcept {
  best_effort([&] { put(directory_, repositories_kind, blob, support::join(names, "\n")); });
}

std::filesystem::path BuildCache::stat_index_file(const std::filesystem::path& root) const {
  return directory_ / "stat-index" / oci::sha256(root.native()).hex();
}

}  // namespace ocibuild::store
