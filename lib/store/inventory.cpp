// SPDX-License-Identifier: Apache-2.0
#include "store/inventory.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <tuple>

#include "oci/image_json.hpp"
#include "store/blob_origin.hpp"
#include "store/build_cache.hpp"
#include "store/cache_files.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

namespace fs = std::filesystem;

namespace {

struct CacheKind {
  std::string_view directory;
  StoredKind kind;
};
constexpr CacheKind cache_kinds[] = {
    {layer_kind, StoredKind::layer_record},        {shape_kind, StoredKind::layer_shape},
    {download_kind, StoredKind::download_record},  {index_kind, StoredKind::layer_index},
    {archive_kind, StoredKind::archive_index},     {chunks_kind, StoredKind::chunk_list},
    {repositories_kind, StoredKind::repositories}, {steps_kind, StoredKind::step_records},
};

/// "layer-record" of "layer-record-2".
std::string_view without_version(std::string_view kind) {
  return kind.substr(0, kind.rfind('-'));
}

/// Also for files that another version wrote: they take space too.
std::optional<StoredKind> kind_of(std::string_view directory) {
  for (const CacheKind& known : cache_kinds) {
    if (without_version(directory) == without_version(known.directory)) return known.kind;
  }
  return std::nullopt;
}

std::optional<Digest> as_digest(const std::string& algorithm, const std::string& hex) {
  try {
    return Digest::parse(support::concat(algorithm, ':', hex));
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<InventoryFile> look_at(const fs::path& path, StoredKind kind) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return InventoryFile{.item = {.kind = kind,
                                .id = path.filename(),
                                .bytes = static_cast<std::uint64_t>(status.st_size),
                                .last_use = status.st_mtime},
                       .path = path};
}

/// The blob that a record of this format is about; empty for one of another format.
Digest blob_of(const fs::path& cache, const fs::path& file) {
  const std::string kind = file.parent_path().parent_path().filename();
  const auto key = as_digest("sha256", file.filename());
  if (!key) return {};
  if (kind == chunks_kind) return *key;
  if (kind == layer_kind) {
    const auto text = find_cache_file(cache, kind, *key, record_limit);
    const auto record = text ? decode_layer(*text) : std::nullopt;
    if (record) return record->descriptor.digest;
  } else if (kind == download_kind) {
    const auto text = find_cache_file(cache, kind, *key, record_limit);
    const auto record = text ? decode_download(*text) : std::nullopt;
    if (record) return record->blob;
  }
  return {};
}

class Taker {
public:
  Taker(const OciLayout& layout, const fs::path& cache) : layout_(layout), cache_(cache) {}

  Inventory run() {
    add_blobs();
    add_images();
    add_cache_files();
    add_temporary(layout_.blobs().temp_directory());
    add_temporary(cache_ / "tmp");
    add_temporary(cache_ / stat_index_directory);
    std::sort(out_.files.begin(), out_.files.end(), [](const auto& a, const auto& b) {
      const auto key = [](const StoredItem& item) {
        return std::tuple(item.kind, -item.last_use, std::string_view(item.id));
      };
      return key(a.item) < key(b.item);
    });
    return std::move(out_);
  }

private:
  void add_blobs() {
    for (const auto& [digest, path] : blob_files(layout_.blobs())) {
      auto file = look_at(path, StoredKind::unused);
      if (!file) continue;
      file->item.id = digest.str();
      file->blob = digest;
      file->is_blob = true;
      blobs_.emplace(digest, out_.files.size());
      out_.files.push_back(*std::move(file));
    }
  }

  InventoryFile* blob(const Digest& digest) {
    const auto at = blobs_.find(digest);
    return at == blobs_.end() ? nullptr : &out_.files[at->second];
  }

  void add_images() {
    for (const Descriptor& entry : layout_.read_index().manifests) {
      std::set<Digest> reached = reachable(layout_.blobs(), entry);
      // A name that is none for us may be one for the tool that wrote it.
      if (is_nameless(entry)) {
        add_nameless({entry.digest, std::move(reached)});
      } else {
        for (const Digest& digest : reached) add_name(digest, layout_.name_of(entry));
      }
    }
  }

  void add_name(const Digest& digest, const std::optional<Reference>& name) {
    InventoryFile* file = blob(digest);
    if (file == nullptr) return;
    file->item.kind = StoredKind::image;
    if (!name) return;
    auto& names = file->item.names;
    const auto at =
        std::lower_bound(names.begin(), names.end(), *name,
                         [](const Reference& a, const Reference& b) { return a.str() < b.str(); });
    if (at == names.end() || *at != *name) names.insert(at, *name);
  }

  /// The image as a whole was used when its manifest came.
  void add_nameless(NamelessImage image) {
    const InventoryFile* manifest = blob(image.manifest);
    for (const Digest& digest : image.blobs) {
      InventoryFile* file = blob(digest);
      if (file == nullptr) continue;
      claim(*file, StoredKind::nameless_image);
      if (manifest != nullptr)
        file->item.last_use = std::max(file->item.last_use, manifest->item.last_use);
    }
    out_.nameless.push_back(std::move(image));
  }

  /// A stronger reason goes before a weaker one.
  static void claim(InventoryFile& file, StoredKind kind) {
    file.item.kind = std::min(file.item.kind, kind);
  }

  void add_cache_files() {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(cache_, none)) {
      const std::string directory = entry.path().filename();
      const auto kind = kind_of(directory);
      if (!kind) continue;
      for (const fs::path& path : cache_files(cache_, directory)) add_record(path, *kind);
    }
    for (const auto& entry : fs::directory_iterator(cache_ / stat_index_directory, none)) {
      if (!as_digest("sha256", entry.path().filename())) continue;
      if (auto file = look_at(entry.path(), StoredKind::stat_index))
        out_.files.push_back(*std::move(file));
    }
  }

  void add_record(const fs::path& path, StoredKind kind) {
    auto file = look_at(path, kind);
    if (!file) return;
    file->blob = blob_of(cache_, path);
    InventoryFile* about = file->blob.empty() ? nullptr : blob(file->blob);
    if (about != nullptr && kind != StoredKind::chunk_list) {
      claim(*about, kind == StoredKind::layer_record ? StoredKind::layer : StoredKind::download);
      about->item.last_use = std::max(about->item.last_use, file->item.last_use);
    }
    out_.files.push_back(*std::move(file));
  }

  void add_temporary(const fs::path& directory) {
    for (const fs::path& path : support::stale_temp_files(directory)) {
      std::error_code ignored;
      const auto time = fs::last_write_time(path, ignored);
      InventoryFile file{.item = {.kind = StoredKind::temporary, .id = path.filename()},
                         .path = path};
      file.item.last_use = std::chrono::duration_cast<std::chrono::seconds>(
                               std::chrono::file_clock::to_sys(time).time_since_epoch())
                               .count();
      file.item.bytes = support::size_below(path);
      out_.files.push_back(std::move(file));
    }
  }

  const OciLayout& layout_;
  const fs::path& cache_;
  Inventory out_;
  std::map<Digest, std::size_t> blobs_;  // where they are in the files
};

void add_reachable(const StoreOrigin& origin, const Descriptor& entry, std::set<Digest>& out) {
  if (!out.insert(entry.digest).second || !origin.has(entry.digest)) return;
  if (oci::is_index(entry.media_type)) {
    for (const Descriptor& child : read_index(origin, entry).manifests)
      add_reachable(origin, child, out);
  } else if (oci::is_manifest(entry.media_type)) {
    const Manifest manifest = read_manifest(origin, entry).manifest;
    out.insert(manifest.config.digest);
    for (const Descriptor& layer : manifest.layers) out.insert(layer.digest);
  }
}

}  // namespace

fs::path cache_directory(const StorePlace& place) {
  return place.cache.empty() ? place.store / "cache" : place.cache;
}

Inventory take_inventory(const OciLayout& layout, const fs::path& cache) {
  return Taker(layout, cache).run();
}

std::set<Digest> reachable(const BlobStore& blobs, const Descriptor& entry) {
  std::set<Digest> out;
  add_reachable(StoreOrigin(blobs, "manifest-invalid"), entry, out);
  return out;
}

std::vector<std::pair<Digest, fs::path>> blob_files(const BlobStore& blobs) {
  std::vector<std::pair<Digest, fs::path>> out;
  for (const char* algorithm : {"sha256", "sha512"}) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(blobs.root() / "blobs" / algorithm, none)) {
      if (auto digest = as_digest(algorithm, entry.path().filename()))
        out.emplace_back(*std::move(digest), entry.path());
    }
  }
  return out;
}

}  // namespace ocibuild::store
