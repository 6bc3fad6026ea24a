// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <tuple>

#include <ocibuild/upkeep.hpp>

#include "store/hold.hpp"
#include "store/inventory.hpp"
#include "support/stop.hpp"

namespace ocibuild {

namespace store {
namespace {

/// Files that go together, those that refer to others first: a process that is killed then leaves
/// files that nothing refers to, and no references to nothing.
struct Unit {
  std::vector<const InventoryFile*> files;
  const Digest* nameless = nullptr;  ///< manifest of the image without a name that they are
  bool needed = false;               ///< by later builds, which get slower without
  bool has_blob = false;
  std::int64_t last_use = 0;
  std::uint64_t bytes = 0;

  void add(const InventoryFile& file) {
    files.push_back(&file);
    has_blob = has_blob || file.is_blob;
    last_use = std::max(last_use, file.item.last_use);
    bytes += file.item.bytes;
  }
};

bool is_needed(StoredKind kind) {
  return kind != StoredKind::nameless_image && kind != StoredKind::unused &&
         kind != StoredKind::temporary;
}

/// What is no image with a name, as units: a blob with the records about it, an image without a
/// name, any other file.
class Units {
public:
  explicit Units(const Inventory& inventory) {
    find_owners(inventory);
    for (const InventoryFile& file : inventory.files) {
      if (!file.is_blob && file.item.kind != StoredKind::temporary) put(file);
    }
    for (const InventoryFile& file : inventory.files) {
      if (file.is_blob || file.item.kind == StoredKind::temporary) put(file);
    }
  }

  /// In the order of removal: first what nothing needs, each in the order of its last use.
  std::vector<Unit> in_order() const {
    std::vector<Unit> out = units_;
    std::stable_sort(out.begin(), out.end(), [](const Unit& a, const Unit& b) {
      return std::tuple(a.needed, a.last_use) < std::tuple(b.needed, b.last_use);
    });
    return out;
  }

private:
  /// A blob of several images without a name belongs to the one that goes last.
  void find_owners(const Inventory& inventory) {
    std::map<Digest, std::int64_t> age;
    for (const InventoryFile& file : inventory.files) {
      if (!file.is_blob) continue;
      kinds_[file.blob] = file.item.kind;
      age[file.blob] = file.item.last_use;
    }
    std::vector<const NamelessImage*> images;
    for (const NamelessImage& image : inventory.nameless) images.push_back(&image);
    std::stable_sort(images.begin(), images.end(), [&](const auto* a, const auto* b) {
      return age[a->manifest] < age[b->manifest];
    });
    for (const NamelessImage* image : images) {
      Unit unit;
      unit.nameless = &image->manifest;
      unit.last_use = age[image->manifest];
      units_.push_back(unit);
      for (const Digest& blob : image->blobs) owners_[blob] = units_.size() - 1;
    }
  }

  void put(const InventoryFile& file) {
    if (file.item.kind == StoredKind::image) return;
    unit_for(file).add(file);
  }

  Unit& unit_for(const InventoryFile& file) {
    const auto kind = file.blob.empty() ? kinds_.end() : kinds_.find(file.blob);
    const bool known = kind != kinds_.end();
    if (known && kind->second == StoredKind::nameless_image && file.is_blob)
      return units_[owners_.at(file.blob)];
    if (known && (kind->second == StoredKind::layer || kind->second == StoredKind::download)) {
      const auto [at, is_new] = with_records_.try_emplace(file.blob, units_.size());
      if (!is_new) return units_[at->second];
    }
    units_.emplace_back().needed = is_needed(file.item.kind);
    return units_.back();
  }

  std::vector<Unit> units_;
  std::map<Digest, StoredKind> kinds_;          // of blobs
  std::map<Digest, std::size_t> owners_;        // of blobs of images without a name
  std::map<Digest, std::size_t> with_records_;  // of layers and downloads
};

class Cleaner {
public:
  Cleaner(const CleanRequest& request, std::stop_token stop)
      : request_(request), stop_(std::move(stop)), layout_(request.place.store) {}

  CleanResult run() {
    std::error_code none;
    const auto cache = cache_directory(request_.place);
    if (!std::filesystem::exists(layout_.root(), none) && !std::filesystem::exists(cache, none))
      return {};
    std::optional<Hold> hold;
    if (!request_.dry_run) {
      hold = Hold::alone(layout_);
      result_.in_use = !hold;
    }
    const Inventory inventory = take_inventory(layout_, cache);
    const std::vector<Unit> chosen = choose(Units(inventory).in_order());
    if (!request_.dry_run) forget_nameless(chosen);
    for (const Unit& unit : chosen) {
      support::throw_if_stopped(stop_);
      remove(unit);
    }
    return std::move(result_);
  }

private:
  std::vector<Unit> choose(std::vector<Unit> units) const {
    std::uint64_t left = 0;
    for (const Unit& unit : units) left += unit.bytes;
    std::vector<Unit> chosen;
    for (Unit& unit : units) {
      if (request_.keep_bytes && left <= *request_.keep_bytes) break;
      if (!is_allowed(unit)) continue;
      left -= unit.bytes;
      chosen.push_back(std::move(unit));
    }
    return chosen;
  }

  bool is_allowed(const Unit& unit) const {
    if (unit.needed && !request_.all) return false;
    if (result_.in_use && (unit.has_blob || unit.nameless != nullptr)) return false;
    return !request_.unused_for || unit.last_use <= now_ - request_.unused_for->count();
  }

  /// Before their blobs go. An image that got a name meanwhile had one when it was looked at, as
  /// names are given under a hold.
  void forget_nameless(const std::vector<Unit>& chosen) {
    std::set<Digest> gone;
    for (const Unit& unit : chosen) {
      if (unit.nameless != nullptr) gone.insert(*unit.nameless);
    }
    if (gone.empty()) return;
    layout_.update_index([&](Index& index) {
      std::erase_if(index.manifests, [&](const Descriptor& entry) {
        return is_nameless(entry) && gone.contains(entry.digest);
      });
    });
  }

  void remove(const Unit& unit) {
    for (const InventoryFile* file : unit.files) {
      if (!request_.dry_run) remove(file->path);
      result_.bytes += file->item.bytes;
      result_.removed.push_back(file->item);
    }
  }

  static void remove(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return;
    if (errno != EISDIR && errno != EPERM) support::throw_errno("remove", path, errno);
    std::error_code error;  // temporary ones may be directories
    std::filesystem::remove_all(path, error);
    if (error) support::throw_errno("remove", path, error.value());
  }

  const CleanRequest& request_;
  const std::stop_token stop_;
  const std::int64_t now_ = std::chrono::duration_cast<std::chrono::seconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
  OciLayout layout_;
  CleanResult result_;
};

}  // namespace
}  // namespace store

std::vector<StoredItem> list_stored(const StorePlace& place) {
  const store::OciLayout layout(place.store);
  std::vector<StoredItem> out;
  for (auto& file : store::take_inventory(layout, store::cache_directory(place)).files)
    out.push_back(std::move(file.item));
  return out;
}

CleanResult clean_store(const CleanRequest& request, std::stop_token stop) {
  return store::Cleaner(request, std::move(stop)).run();
}

}  // namespace ocibuild
