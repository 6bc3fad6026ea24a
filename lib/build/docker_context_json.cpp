// SPDX-License-Identifier: Apache-2.0
// The files of `docker context` (docs/reference/cli.md, 5.6).
#include <ocibuild/docker_context.hpp>

#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "support/fd.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild {

namespace fs = std::filesystem;
using support::concat;
using support::Json;
using support::quote;

namespace {

constexpr std::size_t largest_file = 1 << 20;
constexpr std::string_view no_context = "default";

Json read_json(const fs::path& file) {
  Json json = support::parse_json(support::read_file(file, largest_file), file.native());
  if (json.is_object()) return json;
  throw Error(Errc::failed, "json-invalid", concat(quote(file.native()), " is no JSON object"));
}

std::string current_context(const fs::path& directory) {
  const fs::path file = directory / "config.json";
  std::error_code ignored;
  return fs::exists(file, ignored) ? support::string_member(read_json(file), "currentContext") : "";
}

/// The directory is called after the name, so that any name can be one.
std::string host_of(const fs::path& directory, const std::string& name) {
  const std::string hex(oci::sha256(name).hex());
  const Json meta = read_json(directory / "contexts" / "meta" / hex / "meta.json");
  const Json* endpoints = support::find_member(meta, "Endpoints");
  if (endpoints == nullptr || !endpoints->is_object()) return {};
  const Json* docker = support::find_member(*endpoints, "docker");
  if (docker == nullptr || !docker->is_object()) return {};
  return support::string_member(*docker, "Host");
}

}  // namespace

std::optional<DockerContext> docker_context(const fs::path& directory, std::string name) {
  try {
    if (name.empty()) name = current_context(directory);
    if (name.empty() || name == no_context) return std::nullopt;
    std::string host = host_of(directory, name);
    return DockerContext{std::move(name), std::move(host)};
  } catch (const Error& error) {
    const std::string what = name.empty()
                                 ? "which docker context is in use cannot be read"
                                 : concat("the docker context ", quote(name), " cannot be read");
    throw Error(Errc::failed, "engine-context-invalid", what)
        .note(error.diagnostic().message)
        .help("docker context ls shows those there are, docker context use default chooses none")
        .help("--host unix://PATH names an engine, --host none asks none");
  }
}

}  // namespace ocibuild
