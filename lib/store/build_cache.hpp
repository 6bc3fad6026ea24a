// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ocibuild/digest.hpp>
#include <ocibuild/image.hpp>

namespace ocibuild::store {

/// What a layer with some key turned out to be.
struct LayerRecord {
  Descriptor descriptor;
  DiffId diff_id;
  std::uint64_t unpacked = 0;  ///< bytes of the tar
};

/// What a URL gave once: its bytes are a blob of the store.
struct DownloadRecord {
  Digest blob;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< seconds since 1970 UTC, as its server said; 0: it did not
};

/// The body of a record's file; nothing if it is something else.
std::optional<LayerRecord> decode_layer(std::string_view text);
std::optional<DownloadRecord> decode_download(std::string_view text);

/// Small files by key: layer records and chunks, downloads, indexes of base layers and of archives
/// (docs/reference/image.md, 7).
///
/// Anything wrong, truncated or foreign is a miss. A write that fails costs time later, so it is
/// not an error. The time of a file says when it was written or last found (6.5), but of chunk
/// lists.
class BuildCache {
public:
  /// `finds`: false to record again what builds found out before, and not to believe it: no record,
  /// index or list is found (docs/reference/image.md, 7.4). Downloads and repositories are, which
  /// only say where bytes of a known digest are. `puts`: false for who only looks: then nothing is
  /// put, and no file's time changes.
  struct Access {
    bool finds = true;
    bool puts = true;
  };
  explicit BuildCache(std::filesystem::path directory) : BuildCache(std::move(directory), {}) {}
  BuildCache(std::filesystem::path directory, Access access)
      : directory_(std::move(directory)), access_(access) {}

  std::optional<LayerRecord> find_layer(const Digest& key) const;
  void put_layer(const Digest& key, const LayerRecord& record) const noexcept;
  /// When the record was written or last found; nothing if it is not there. Does not count as use.
  std::optional<std::filesystem::file_time_type> layer_used(const Digest& key) const;
  /// True when a layer of this shape (layer_shape()) was put: there may be a record for it.
  bool has_layer_shape(const Digest& shape) const;
  void put_layer_shape(const Digest& shape) const noexcept;

  std::optional<DownloadRecord> find_download(const Digest& key) const;
  void put_download(const Digest& key, const DownloadRecord& record) const noexcept;

  /// Encoded LayerIndex by the layer's digest.
  std::optional<std::string> find_index(const Digest& layer) const;
  void put_index(const Digest& layer, std::string_view bytes) const noexcept;

  /// Encoded tar::Archive by the digest of the archive file.
  std::optional<std::string> find_archive(const Digest& file) const;
  void put_archive(const Digest& file, std::string_view bytes) const noexcept;

  /// Encoded layer::ChunkList by the layer's digest. Those of the latest layers are kept.
  void put_chunks(const Digest& layer, std::string_view bytes) const noexcept;
  /// All of them, the latest first.
  std::vector<std::pair<Digest, std::string>> find_chunks() const;

  /// Encoded engine::StageMemory of a stage. Not flushed: it explains, and nothing is made of it.
  std::optional<std::string> find_steps(const Digest& stage) const;
  void put_steps(const Digest& stage, std::string_view bytes) const noexcept;

  /// Repositories of registries that had a blob, "HOST/PATH", the latest first.
  std::vector<std::string> find_repositories(const Digest& blob) const;
  void put_repositories(const Digest& blob, const std::vector<std::string>& names) const noexcept;

  /// File of the stat index for the context at `root` (an absolute path).
  std::filesystem::path stat_index_file(const std::filesystem::path& root) const;
  const Access& access() const { return access_; }

private:
  std::optional<std::string> use(std::string_view kind, const Digest& key, std::size_t limit) const;
  std::optional<std::string> find(std::string_view kind, const Digest& key,
                                  std::size_t limit) const;
  template <typename Work>
  void put(Work&& work) const noexcept;

  std::filesystem::path directory_;
  Access access_;
};

}  // namespace ocibuild::store
