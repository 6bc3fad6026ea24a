// SPDX-License-Identifier: Apache-2.0
#include "registry/config_files.hpp"

#include <ocibuild/error.hpp>

#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

std::optional<std::string> read_optional_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  // Other errors (no permission) come back, with their reason, from reading.
  if (status.type() == std::filesystem::file_type::not_found) return std::nullopt;
  return support::read_file(path, longest_config_file);
}

const DockerConfig* LazyDockerConfig::get() {
  std::call_once(once_, [this] { load(); });
  return config_ ? &*config_ : nullptr;
}

void LazyDockerConfig::load() {
  if (!text_) text_ = read_optional_file(path_);
  if (text_) {
    config_ = parse_docker_config(*text_, name_);
  } else if (missing_ == Missing::error) {
    throw Error(Errc::credentials, "credentials-invalid",
                support::concat("the credentials file ", support::quote(name_), " does not exist"))
        .help("give --authfile or REGISTRY_AUTH_FILE another file, or run: ocibuild login");
  }
  text_.reset();
}

}  // namespace ocibuild::registry
