// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ocibuild/event.hpp>
#include <ocibuild/image_store.hpp>
#include <ocibuild/network.hpp>

namespace ocibuild {

struct BuildPlan;
struct BuildResult;
struct PlannedTransfer;

/// oci_*: an OCI image layout. docker_archive: a tar for `docker load` and `podman load` that is at
/// the same time an OCI image layout.
enum class ImageContainer { docker_archive, oci_archive, oci_directory };

/// One image to write, under any number of names (none: only its digest identifies it).
struct SavedImage {
  Descriptor manifest;  ///< or an index; its annotations are kept
  std::vector<Reference> names;
  std::optional<Platform> platform{};  ///< only its manifest of an index, which is then left out
};

/// A path, or an open file descriptor that stays the caller's.
using Endpoint = std::variant<std::filesystem::path, int>;

/// Writes images from the store at `store` to `destination`. Files appear complete, by rename; a
/// directory that is an OCI layout already gets the images added. Same images, same bytes. An index
/// is written whole; in a docker_archive docker finds the one for the host's platform in it.
/// @throws Error(Errc::failed) for a full disk, a missing blob, a destination that is something
/// else; Error(Errc::not_found, platform-missing)
OCIBUILD_API void save(const std::filesystem::path& store, const std::vector<SavedImage>& images,
                       ImageContainer container, const Endpoint& destination,
                       std::stop_token stop = {});

/// Sends images of the store (at least one), as save() writes a docker_archive, to the container
/// engine that listens at `socket` (of this machine), by the call that `docker load` makes; podman
/// has it, too. `events`: TransfersStarted and BlobMoved of Movement::load, for all of it at once.
/// @returns what the engine says of it, a line each: "Loaded image: app:1"
/// @throws Error(Errc::failed) engine-absent: nobody listens there; engine-forbidden: this user may
/// not; engine-failed: it took no image, with its words; and as save()
OCIBUILD_API std::vector<std::string> load_into_engine(const std::filesystem::path& store,
                                                       const std::vector<SavedImage>& images,
                                                       const std::filesystem::path& socket,
                                                       EventSink& events,
                                                       std::stop_token stop = {});

/// How the files of an image are written.
enum class FilesContainer { tar, directory };

/// Writes the root file system of `image`, which is in the store at `store` with all its layers:
/// whiteouts applied, as one tar, or into a directory, made when missing, where what is there stays
/// if the image has nothing of that name. Of an index each image is below a directory of its own,
/// "linux_amd64". A directory gets modes, times and links, but all files belong to the user that
/// runs; no symlink in it is followed. `cache`: build records; empty: store/cache.
/// @throws Error(Errc::failed) for a full disk, a missing blob, a directory where a file should go
OCIBUILD_API void export_files(const std::filesystem::path& store,
                               const std::filesystem::path& cache, const Descriptor& image,
                               FilesContainer container, const Endpoint& destination,
                               std::stop_token stop = {});

/// Reads every image of `source` into the store and returns them with the names they now have.
///
/// Takes tars that docker, podman, skopeo, umoci and save() write (docker-save and OCI, plain or
/// compressed with gzip, zstd, xz or bzip2; also from a pipe) and OCI layout directories. Documents
/// keep their bytes; every digest and size is verified before a name is given. A bare tag, as
/// skopeo and umoci write it into a layout, becomes FILE:TAG after the file or directory it came
/// from; from a descriptor it is no name.
/// @throws Error(Errc::failed, archive-invalid, blob-corrupt) naming the member
OCIBUILD_API std::vector<StoredImage> load(const std::filesystem::path& store,
                                           const Endpoint& source, std::stop_token stop = {});

/// The images of an archive or OCI layout, complete and verified as by load(), in a store of their
/// own below `store` as long as this lives: to be sent by a Pusher without becoming part of
/// `store`.
class OCIBUILD_API TemporaryImages {
public:
  /// @throws as load()
  TemporaryImages(const std::filesystem::path& store, const Endpoint& source,
                  std::stop_token stop = {});
  ~TemporaryImages();
  TemporaryImages(const TemporaryImages&) = delete;
  TemporaryImages& operator=(const TemporaryImages&) = delete;

  /// Root of the store that has them.
  const std::filesystem::path& store() const { return directory_; }
  const std::vector<StoredImage>& images() const { return images_; }

private:
  void remove() noexcept;
  std::filesystem::path directory_;
  std::vector<StoredImage> images_;
};

/// The form that layers get before they are sent.
struct SentCompression {
  Compression form = Compression::gzip;
  std::optional<int> level{};  ///< as BuildRequest::compression_level
  bool all = false;            ///< layers that are in this form are compressed anew, too
};

/// Where images to push are, and how registries are reached.
struct PushSettings {
  std::filesystem::path store;
  /// Build records, which know the repositories that have a base's layers; empty: store/cache.
  std::filesystem::path cache{};
  NetworkSettings network{};
  /// Absent: layers go as they are stored. Otherwise the manifest is another one; config and
  /// diff_ids stay. The store must have the layers that change.
  std::optional<SentCompression> compression{};
};

struct PushResult {
  Digest digest;                 ///< of what every name now points to, compressed as it was sent
  std::uint64_t uploaded = 0;    ///< bytes of blobs
  std::uint64_t mounted = 0;     ///< bytes taken over from another repository of the registry
  std::uint64_t was_there = 0;   ///< bytes the registries had already
  std::uint64_t downloaded = 0;  ///< bytes from other registries, of layers that the store lacks
};

/// Sends images of the store to registries: blobs first, then manifests, then tags, so that nothing
/// incomplete is ever named. What a registry has, in this repository or in one that the build
/// records know, is not sent again; layers that the store lacks go from the registry that has them.
///
/// One thread at a time. Blocks; `events` as for build(). All members throw
/// Error   Errc::credentials (push-denied, auth-needed …), Errc::retry_later, Errc::network_setup,
/// Errc::not_found, Errc::usage (offline), as docs/reference/registry.md 12
class OCIBUILD_API Pusher {
public:
  /// `events` must outlive this. Nothing is opened or read before it is needed.
  Pusher(PushSettings settings, EventSink& events, std::stop_token stop = {});
  /// Gives up what check() began and send() did not use.
  ~Pusher();
  Pusher(const Pusher&) = delete;
  Pusher& operator=(const Pusher&) = delete;

  /// Asks each repository of `names` whether it takes a push, before work is done for it; nothing
  /// with NetworkSettings::skip_push_check.
  void check(const std::vector<Reference>& names);
  /// One image, a manifest or an index, under each of `names` (at least one).
  PushResult send(const Descriptor& image, const std::vector<Reference>& names);
  /// The layers of `result`, which was built with the same store and build records, as a shared
  /// cache under `name` (docs/reference/image.md, 7.7). Nothing when there is nothing to send.
  std::optional<PushResult> send_cache(const BuildResult& result, const Reference& name);
  /// What send() would move of what `plan` describes, to all repositories of `names`, and from
  /// registries what the store would lack: each layer is asked for, and nothing is written
  /// anywhere.
  std::vector<PlannedTransfer> plan(const BuildPlan& plan, const std::vector<Reference>& names);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The image that a pull of `text` means on this machine: a name without a registry is looked up in
/// the aliases and the search list of registries.conf; what the store at `store` (none if empty)
/// has under such a name goes before them. Names of pushes are not looked up: Reference::parse()
/// is what they mean. Asks nobody (docs/reference/registry.md, R5).
/// @throws Error(Errc::usage, name-invalid), (name-ambiguous), (config-invalid)
OCIBUILD_API Reference resolve_name(std::string_view text, const NetworkSettings& network,
                                    const std::filesystem::path& store = {});

struct PullRequest {
  std::filesystem::path store;
  Reference name;
  std::vector<Platform> platforms{};  ///< empty: the host's
  NetworkSettings network{};
};

struct PullResult {
  StoredImage image;
  std::string served_by{};  ///< registry or mirror that gave the manifest
  bool was_there = false;   ///< nothing was downloaded
};

/// Brings an image into the store, whole and verified, and names it.
/// @throws Error   Errc::not_found (base-not-found, platform-missing), Errc::credentials … as
/// Pusher
OCIBUILD_API PullResult pull(const PullRequest& request, EventSink& events,
                             std::stop_token stop = {});

}  // namespace ocibuild
