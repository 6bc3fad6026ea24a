// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include <ocibuild/event.hpp>
#include <ocibuild/image.hpp>
#include <ocibuild/network.hpp>
#include <ocibuild/reference.hpp>

namespace ocibuild {

enum class ImageFormat { oci, docker };

/// Which times files and directories get in new layers (docs/reference/image.md, 2.8).
struct FileTimes {
  bool preserve = false;                    ///< keep the source's whole seconds
  std::int64_t fixed = 1;                   ///< otherwise this time, seconds since 1970 UTC
  std::optional<std::int64_t> not_after{};  ///< lowers later times to it, also preserved ones
};

/// An image in the OCI layout at `directory`, which is only read.
struct LayoutImage {
  std::filesystem::path directory;
  std::string tag{};               ///< empty: the only image, else "latest"
  std::optional<Digest> digest{};  ///< wins over the tag
};

/// What --build-context puts in the place of a stage or an image: a directory, which has its own
/// .dockerignore; an image of a layout; an image of the store.
using BuildContext = std::variant<std::filesystem::path, LayoutImage, Reference>;

/// Where a shared cache is (docs/reference/image.md, 7.7): in an OCI layout, or at a registry.
using CacheLocation = std::variant<LayoutImage, Reference>;

/// What an annotation describes (buildx's names). Only builds for several platforms have an index.
enum class AnnotationPlace { manifest, index, manifest_descriptor, index_descriptor };

struct Annotation {
  std::string key;
  std::string value;
  AnnotationPlace place = AnnotationPlace::manifest;
  std::optional<Platform> platform{};  ///< only of this one; manifest and manifest_descriptor
};

/// When a registry is asked for a base image: always; only for what the store lacks; always, but
/// the store's image will do when no registry answers; never.
enum class PullPolicy { always, missing, newer, never };

/// Everything a build depends on. Nothing is taken from the environment.
struct BuildRequest {
  /// Root of the store; made when missing. See ImageStore.
  std::filesystem::path store;
  /// Build records; empty: store/cache. Safe to delete at any time.
  std::filesystem::path cache{};
  /// Directory that COPY reads; nothing outside it is ever read.
  std::filesystem::path context = ".";
  /// Instead of a directory: an open file that stays the caller's and can be read from any place. A
  /// tar, plain or compressed, is the context, without ignore rules, and `dockerfile` a path in it;
  /// anything else is a Dockerfile without a context. `context` is then only its name.
  std::optional<int> context_file{};
  /// Empty: Dockerfile, Containerfile or dockerfile in `context`.
  std::filesystem::path dockerfile{};
  /// Instead of a file; then `dockerfile` is only its name in messages.
  std::optional<std::string> dockerfile_text{};
  /// Rules for `context` instead of those beside the Dockerfile or in the context; empty: those.
  std::filesystem::path ignore_file{};
  /// Stage name, any case, or number; empty: the last stage.
  std::string target{};
  std::map<std::string, std::string> build_args{};
  /// What FROM and COPY --from find under a name. A stage of that name (any case) is replaced and
  /// not evaluated; an image of that name is not looked for.
  std::map<std::string, BuildContext> build_contexts{};
  /// Empty: the base's, or the host's on scratch. One: an image for it. Several: an index with an
  /// image for each, in this order; a platform that comes twice counts once.
  std::vector<Platform> platforms{};
  PullPolicy pull = PullPolicy::missing;
  /// False: layers of a registry's base that nothing reads are not fetched. Such an image can only
  /// be sent by a Pusher with the same build records.
  bool keep_base_layers = true;
  /// Asked in this order for layers that have no record here, unless `use_cache` is false. One that
  /// is not there or cannot be read costs time and no more.
  std::vector<CacheLocation> cache_from{};
  /// False: layers that the shared cache of a registry has stay there, as base layers do.
  bool keep_shared_layers = true;
  /// How registries are reached; absent: none is asked, whatever `pull` says.
  std::optional<NetworkSettings> network{};
  /// Names the image gets in the store; may be empty.
  std::vector<Reference> names{};
  /// Without names: the store lists the image as one without a name, to be found by its ID, until
  /// it is cleaned. False: the store only keeps what the next build can use.
  bool keep_nameless = false;
  /// Set last, so they win over LABEL.
  std::map<std::string, std::string> labels{};
  /// A later one of the same key and place wins.
  std::vector<Annotation> annotations{};
  ImageFormat format = ImageFormat::oci;
  Compression compression = Compression::gzip;
  /// gzip 1..12, zstd 1..19; empty: 6 for text and 5 for the rest, zstd 3 (image.md 3.4).
  std::optional<int> compression_level{};
  /// True: layers of bases that are in another compression are brought into this one, which needs
  /// their bytes. False: they stay as they are.
  bool force_compression = false;
  /// Of config and history, seconds since 1970 UTC.
  std::int64_t created = 0;
  FileTimes file_times{};
  /// False: every layer is made anew (and recorded), and every file of the context read.
  bool use_cache = true;
  /// Stages, any case, whose layers are made anew.
  std::vector<std::string> no_cache_stages{};
  /// Events of layers that are made say why. The layer of the last build is read for that.
  bool explain = false;
  /// The config has no history, not even the base's.
  bool omit_history = false;
  /// Worker threads; 0: one per CPU. The result never depends on it.
  unsigned jobs = 0;
};

/// One layer of the result, base first.
struct LayerReport {
  Descriptor descriptor;
  DiffId diff_id;
  std::uint64_t unpacked = 0;  ///< bytes of the uncompressed tar
  bool from_base = false;
  bool cached = false;        ///< taken from a layer record
  Digest key{};               ///< of its layer record; empty for base layers
  std::string instruction{};  ///< as written; the base's name for base layers
  std::string file{};         ///< Dockerfile, empty for base layers
  unsigned line = 0;
};

/// The image for one platform.
struct PlatformResult {
  Descriptor manifest;  ///< with its platform
  Digest image_id;      ///< digest of the config
  ImageConfig config;
  std::vector<LayerReport> layers;
  std::optional<Reference> base_name;  ///< of the target's base image
  std::optional<Digest> base_digest;
  bool changed = false;  ///< false: every layer came from the cache or the base
};

struct BuildResult {
  Descriptor
      manifest;     ///< what a registry or layout calls the image; an index for several platforms
  Digest image_id;  ///< what docker calls the image ID: digest of the config, or of the index
  std::vector<PlatformResult> platforms;  ///< at least one, in the order of the request
  std::vector<Diagnostic> warnings;       ///< also sent as events; each once
  std::vector<Digest> looked_into;        ///< base layers whose files the build had to know, sorted
  bool changed = false;                   ///< false: no platform's image changed
  std::uint64_t downloaded = 0;  ///< bytes of documents, layers and files that were fetched
  std::chrono::nanoseconds took{};
  /// While a copy of it lives no clean_store() removes what was built, named or not: until it is
  /// saved or pushed.
  std::shared_ptr<const void> hold{};
};

/// Builds the image and puts it into the store. Runs nothing, unpacks nothing, needs no privilege.
///
/// Blocks until done; may be called from several threads and processes with the same store. When it
/// throws, the store is as valid as before and no name has moved.
/// @throws Error   Errc::failed with every mistake of the Dockerfile (ten at most), Errc::not_found
/// for a base that
///                 is not in the store, Errc::usage for a bad request, Errc::interrupted after
///                 `stop`
OCIBUILD_API BuildResult build(const BuildRequest& request, EventSink& events,
                               std::stop_token stop = {});

/// Writes the layers of `result`, which build() made of `request`, as a shared cache into the OCI
/// layout at `to.directory`, made when missing, under the tag `to.tag` ("latest" if that is empty).
/// What had the tag has it no longer. See Pusher::send_cache() for registries.
/// @returns the digest of the cache's manifest; nothing when there is nothing to write
OCIBUILD_API std::optional<Digest> save_cache(const BuildRequest& request,
                                              const BuildResult& result, const LayoutImage& to,
                                              std::stop_token stop = {});

/// Seconds since 1970 UTC of the last commit of the git repository that `directory` is in, by
/// running git. @throws Error(Errc::failed, commit-time-unknown)
OCIBUILD_API std::int64_t commit_time(const std::filesystem::path& directory,
                                      std::stop_token stop = {});

/// An image that a build reads and that no stage or build context stands for.
struct NeededImage {
  Reference name;
  std::optional<Platform> platform{};  ///< empty: the host's
};

/// The images that the target of `request` starts or copies from, for each of its platforms,
/// without asking a registry. Triggers of a base count once the store has it, so that more may be
/// needed after a pull. RUN, which a build would refuse, is no error here.
/// @throws Error(Errc::failed) with the mistakes of the Dockerfile
OCIBUILD_API std::vector<NeededImage> needed_images(const BuildRequest& request);

}  // namespace ocibuild
