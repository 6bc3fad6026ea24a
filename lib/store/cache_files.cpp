// SPDX-License-Identifier: Apache-2.0
#include "store/cache_files.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

namespace {

/// The first line of a file says what it is, whose, and how its body hashes: then a truncated,
/// renamed or foreign file is recognised.
std::string header(std::string_view kind, const Digest& key, std::string_view body) {
  return support::concat("ocibuild ", kind, ' ', key.str(), ' ', oci::sha256(body).str(), '\n');
}

}  // namespace

/// Two levels, so that no directory grows to millions of names.
std::filesystem::path cache_file(const std::filesystem::path& directory, std::string_view kind,
                                 const Digest& key) {
  return directory / kind / key.hex().substr(0, 2) / key.hex();
}

std::optional<std::string> find_cache_file(const std::filesystem::path& directory,
                                           std::string_view kind, const Digest& key,
                                           std::size_t limit) {
  std::string text;
  try {
    text = support::read_file(cache_file(directory, kind, key), limit);
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

void put_cache_file(const std::filesystem::path& directory, std::string_view kind,
                    const Digest& key, std::string_view body) {
  const auto temporary = directory / "tmp";
  support::remove_stale_temp_files(temporary);
  support::TempFile file(temporary);
  file.write(support::as_bytes(header(kind, key, body)));
  file.write(support::as_bytes(body));
  const auto target = cache_file(directory, kind, key);
  std::filesystem::create_directories(target.parent_path());
  file.commit(target, support::Flush::no);
}

std::vector<std::filesystem::path> cache_files(const std::filesystem::path& directory,
                                               std::string_view kind) {
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto& part : std::filesystem::directory_iterator(directory / kind, none)) {
    for (const auto& file : std::filesystem::directory_iterator(part.path(), none))
      files.push_back(file.path());
  }
  return files;
}

}  // namespace ocibuild::store
