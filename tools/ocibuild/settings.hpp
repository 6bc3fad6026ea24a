// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "ci_log.hpp"
#include "flags.hpp"
#include "io.hpp"

/// What flags, variables, files and defaults together say (docs/reference/cli.md, section 7).
/// Variables are read here, in flags.cpp and in network_settings.cpp, and nowhere else.
namespace ocibuild::program {

/// How text is dressed.
struct Look {
  bool colour = false;
  bool utf8 = false;  ///< symbols beyond ASCII may be used
};

/// @throws Error(Errc::usage) for a --color that is none
Look look_of(const ParsedFlags& flags, const Io& io, const OutputStream& stream);

enum class ProgressMode {
  terminal,  ///< a screen that changes
  plain,     ///< lines
  json,      ///< BuildKit's rawjson
  quiet,     ///< nothing but errors
};

/// How progress and warnings are shown on standard error. @throws Error(Errc::usage)
ProgressMode progress_mode(const ParsedFlags& flags, const Io& io);

/// Who reads standard error besides people: the CI system of this job, unless OCIBUILD_CI=0.
CiLog ci_log(const Io& io);

/// Absent if HOME is not set.
std::optional<std::filesystem::path> home_directory(const Io& io);
/// $XDG_CONFIG_HOME, else $HOME/.config. A relative XDG directory is ignored, as its specification
/// says.
std::optional<std::filesystem::path> user_config_directory(const Io& io);

/// Docker's settings: $DOCKER_CONFIG, else $HOME/.docker. Absent if neither is set.
std::optional<std::filesystem::path> docker_directory(const Io& io);

/// --root, else $XDG_DATA_HOME/ocibuild, else $HOME/.local/share/ocibuild.
/// @throws Error(Errc::usage) if none of them is set
std::filesystem::path store_root(const ParsedFlags& flags, const Io& io);

/// --cache-dir, else `cache` below the store. @throws Error(Errc::usage)
std::filesystem::path cache_directory(const ParsedFlags& flags, const Io& io);

/// Where --load looks for a container engine.
struct EngineChoice {
  std::vector<std::filesystem::path> sockets{};  ///< in this order; may be empty
  bool is_named = false;                         ///< the user names the one there is
  std::string note{};                            ///< what the user should know; may be empty
};
/// --host, DOCKER_HOST, DOCKER_CONTEXT, CONTAINER_HOST, the configuration's host, docker's context
/// in use, else the usual places. Opens no socket.
/// @throws Error(Errc::usage) for a --host that is no socket; Error(Errc::failed,
/// engine-context-invalid)
EngineChoice engine_choice(const ParsedFlags& flags, const Io& io);

/// How many bytes what no image needs may take: --max-used-space; nothing without a limit.
/// @throws Error(Errc::usage)
std::optional<std::uint64_t> space_limit(const ParsedFlags& flags);
/// The same as a configuration file has it, for what is done by itself.
std::optional<std::uint64_t> configured_space_limit(const ParsedFlags& flags);

}  // namespace ocibuild::program
