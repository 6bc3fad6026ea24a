// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/digest.hpp>
#include <ocibuild/export.hpp>

/// The documents of the OCI image specification 1.1 as plain values. Fields are the
/// specification's.
namespace ocibuild {

using MediaType = std::string;
using Annotations = std::map<std::string, std::string>;

struct OCIBUILD_API Platform {
  std::string os = "linux";
  std::string architecture;  ///< GOARCH: "amd64", "arm64"
  std::string variant;       ///< "v7"; empty for arm64/v8 and amd64/v1, which are the plain names
  std::string os_version;
  std::vector<std::string> os_features;

  /// "os", "os/arch" or "os/arch/variant", or an architecture alone; normalised (aarch64 -> arm64,
  /// arm -> arm/v7).
  /// @throws Error(Errc::usage, platform-invalid)
  static Platform parse(std::string_view text);
  /// The platform this library was compiled for.
  static Platform host();
  std::string str() const;
  bool operator==(const Platform&) const = default;
};

struct Descriptor {
  MediaType media_type;
  Digest digest;
  std::uint64_t size = 0;  ///< bytes
  std::optional<Platform> platform{};
  std::vector<std::string> urls{};
  Annotations annotations{};
};

/// How the tar of a layer is stored.
enum class Compression { gzip, zstd, none };

struct Manifest {
  MediaType media_type;
  Descriptor config;
  std::vector<Descriptor> layers;  ///< base first
  Annotations annotations{};
};

struct Index {
  MediaType media_type;
  std::vector<Descriptor> manifests;
  Annotations annotations{};
};

struct Healthcheck {
  std::vector<std::string> test;  ///< {"NONE"}, {"CMD", …} or {"CMD-SHELL", text}
  std::int64_t interval = 0;      ///< nanoseconds; 0 is unset, as for the three below
  std::int64_t timeout = 0;
  std::int64_t start_period = 0;
  std::int64_t start_interval = 0;
  int retries = 0;
  bool operator==(const Healthcheck&) const = default;
};

/// The config object of an image config: what a runtime starts.
struct ContainerConfig {
  std::string user;
  std::set<std::string> exposed_ports;  ///< "8443/tcp"
  std::vector<std::string> env;         ///< "NAME=value", in order of first appearance
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::set<std::string> volumes;
  std::string working_dir;
  std::map<std::string, std::string> labels;
  std::string stop_signal;
  bool args_escaped = false;
  std::optional<Healthcheck> healthcheck;
  std::vector<std::string> on_build;
  std::vector<std::string> shell;
  std::map<std::string, std::string>
      other;  ///< fields of a base that we do not know: name -> JSON text
  bool operator==(const ContainerConfig&) const = default;
};

struct HistoryEntry {
  std::string created;  ///< RFC 3339, kept as it came; empty if absent
  std::string created_by;
  std::string author;
  std::string comment;
  bool empty_layer = false;
  bool operator==(const HistoryEntry&) const = default;
};

struct ImageConfig {
  std::string created;  ///< RFC 3339; empty if absent
  std::string author;
  Platform platform;
  ContainerConfig config;
  std::vector<DiffId> diff_ids;
  std::vector<HistoryEntry> history;
};

namespace media_types {
inline constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view oci_layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view oci_layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view oci_layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view docker_index =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_manifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view docker_layer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view docker_layer_gzip =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";
inline constexpr std::string_view docker_layer_zstd =
    "application/vnd.docker.image.rootfs.diff.tar.zstd";
}  // namespace media_types

}  // namespace ocibuild
