// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "registry/docker_config.hpp"

namespace ocibuild::registry {

constexpr std::size_t longest_config_file = 4 << 20;

/// Text of a configuration file; nothing if there is no such file.
/// @throws Error(Errc::failed, io-error, too-large)
std::optional<std::string> read_optional_file(const std::filesystem::path& path);

/// A file in docker's format that is read when it is first asked for. Thread-safe.
class LazyDockerConfig {
public:
  enum class Missing { allowed, error };

  LazyDockerConfig(std::filesystem::path path, Missing missing)
      : path_(std::move(path)), name_(path_.string()), missing_(missing) {}
  /// The text of a variable, which is there already.
  LazyDockerConfig(std::string text, std::string name)
      : text_(std::move(text)), name_(std::move(name)) {}

  /// Null: there is no such file. @throws Error(Errc::credentials, credentials-invalid)
  const DockerConfig* get();
  const std::string& name() const { return name_; }

private:
  void load();

  std::filesystem::path path_{};
  std::optional<std::string> text_{};
  std::string name_;
  Missing missing_ = Missing::allowed;
  std::once_flag once_{};
  std::optional<DockerConfig> config_{};
};

}  // namespace ocibuild::registry
