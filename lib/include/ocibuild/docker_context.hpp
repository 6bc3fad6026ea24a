// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <ocibuild/export.hpp>

namespace ocibuild {

/// Which container engine docker's command line talks to, as `docker context` keeps it.
struct DockerContext {
  std::string name;
  std::string host;  ///< "unix:///run/user/1000/docker.sock", "ssh://…"; empty: docker's default
};

/// The context `name` of the settings in `directory`, which is that of docker's config.json; of an
/// empty name the one that config.json says. Nothing when that is "default", which is docker's word
/// for no context.
/// @throws Error(Errc::failed, engine-context-invalid) for one that is not there or cannot be read
OCIBUILD_API std::optional<DockerContext> docker_context(const std::filesystem::path& directory,
                                                         std::string name);

}  // namespace ocibuild
