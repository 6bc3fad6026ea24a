// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/error.hpp>
#include <ocibuild/image_store.hpp>
#include <ocibuild/reference.hpp>

/// What the store and its build records take, cleaning them, and checking them
/// (docs/reference/image.md, 6.5 and 6.6).
namespace ocibuild {

/// Why a file is there. Of a blob the first that fits.
enum class StoredKind {
  image,           ///< blob of an image that has a name
  layer,           ///< blob of a layer that a layer record knows
  download,        ///< blob that ADD fetched from a URL
  nameless_image,  ///< blob of an image that lost its name
  unused,          ///< blob that nothing refers to
  layer_record,
  layer_shape,
  download_record,
  layer_index,    ///< files of a base image's layer
  archive_index,  ///< files of an archive that ADD unpacks
  chunk_list,
  repositories,  ///< where registries have a blob
  step_records,  ///< what made a stage's layers what they are, to explain others
  stat_index,    ///< contents of a build context's files
  temporary,     ///< left over by a process that was killed, and older than a day
};

struct StoredItem {
  StoredKind kind{};
  std::string id;           ///< digest of a blob; of other files their name
  std::uint64_t bytes = 0;  ///< length of the file
  /// Seconds since 1970 UTC: when it was written, or found by a later build; of a blob also when
  /// its record was. Blobs of images do not keep account of their use.
  std::int64_t last_use = 0;
  std::vector<Reference> names{};  ///< of the images that have it, sorted
};

/// A store and its build records.
struct StorePlace {
  std::filesystem::path store;
  std::filesystem::path cache{};  ///< empty: store/cache
};

/// Everything that is there, by kind, then the latest used first. A store that does not exist is
/// empty.
/// @throws Error(Errc::failed, store-invalid), (blob-corrupt, manifest-invalid) for a damaged
/// document of an image
OCIBUILD_API std::vector<StoredItem> list_stored(const StorePlace& place);

/// Bytes of the uncompressed tar of each layer of `image`, base first. A layer that no build record
/// knows is read once, and known from then on; nothing for one that the store lacks.
/// @throws Error(Errc::interrupted)
OCIBUILD_API std::vector<std::optional<std::uint64_t>> unpacked_sizes(const StorePlace& place,
                                                                      const ImageDetails& image,
                                                                      std::stop_token stop = {});

struct CleanRequest {
  StorePlace place;
  /// False: only what nothing needs: unused blobs, images without a name, temporary files. True:
  /// also build records and the blobs that only they know, so that images with a name are left.
  bool all = false;
  /// Nothing that was used more recently.
  std::optional<std::chrono::seconds> unused_for{};
  /// Stop when what is no image with a name takes no more than this.
  std::optional<std::uint64_t> keep_bytes{};
  bool dry_run = false;  ///< say what would go
};

struct CleanResult {
  std::vector<StoredItem> removed;  ///< in the order of removal
  std::uint64_t bytes = 0;          ///< that they took
  /// Another build, push, pull, load or save, of any process, works with the store: blobs were left
  /// alone.
  bool in_use = false;
};

/// Removes what the request allows: first what nothing needs, then the rest, the least recently
/// used first. A layer goes with its records. What an image with a name needs is never removed, nor
/// any blob while another operation works with the store (BuildResult::hold counts as one); those
/// that begin meanwhile wait. Killed at any moment it leaves a valid store.
/// @throws as list_stored(); Error(Errc::failed, io-error) when a file cannot be removed,
/// Error(Errc::interrupted)
OCIBUILD_API CleanResult clean_store(const CleanRequest& request, std::stop_token stop = {});

struct VerifyResult {
  std::uint64_t blobs = 0;        ///< that were read
  std::uint64_t cache_files = 0;  ///< that were read
  std::uint64_t bytes = 0;        ///< of them all
  /// blob-corrupt, blob-missing, manifest-invalid, cache-file-corrupt; the message is one line.
  std::vector<Diagnostic> damage;
};

/// Reads every blob and every build record and compares them with their digests, and looks for
/// everything that the images list. Changes nothing. Damaged build records harm no build: they are
/// not used.
/// @throws Error(Errc::failed, store-invalid), Error(Errc::interrupted)
OCIBUILD_API VerifyResult verify_store(const StorePlace& place, std::stop_token stop = {});

}  // namespace ocibuild
