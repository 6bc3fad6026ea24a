// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flags.hpp"
#include "io.hpp"

/// Our own configuration files, ocibuild-config.toml(5) (docs/reference/cli.md, 7). Those of podman
/// and docker are read by the library.
namespace ocibuild::program {

/// Its values have the right types and are checked no further: that is done where flags are.
struct ConfigFile {
  struct Setting {
    std::vector<std::string> values;  ///< as on a command line; files relative to this one's place
    std::string origin;               ///< for messages: "jobs (/etc/ocibuild/config.toml:3)"
  };
  std::map<std::string, Setting> settings{};  ///< by the flag's name
  std::vector<RegistrySettings> registries{};
  std::optional<FileValue> max_used_space{};
};

/// True for flags that a file can give: those that say how images are made, not which.
bool is_setting(const Flag& flag);

/// `file` is its name, absolute.
/// @throws Error(Errc::usage, config-invalid) with every mistake, each with its line
ConfigFile parse_config(std::string_view text, const std::filesystem::path& file);

/// Reads --config, else the file of the user and that of the system where they are, and fills in
/// what `flags` do not say. @throws Error(Errc::usage)
void add_configuration(ParsedFlags& flags, Command command, const Io& io);

}  // namespace ocibuild::program
