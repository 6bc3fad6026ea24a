// SPDX-License-Identifier: Apache-2.0
#include "config_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <system_error>

#include <ocibuild/error.hpp>

#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t largest_file = 1U << 20;  // more is no configuration

[[noreturn]] void unreadable(const fs::path& file, const std::string& why) {
  throw Error(Errc::usage, "config-invalid",
              "the configuration \"" + terminal_text(file.string()) + "\" cannot be read: " + why);
}

/// Nothing if there is none: one system call, as every command pays for it.
std::optional<std::string> read_file(const fs::path& file, bool must_exist) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (!must_exist && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    unreadable(file, std::generic_category().message(errno));
  }
  std::string text;
  std::array<char, 16384> buffer{};
  ssize_t got = 0;
  while (text.size() <= largest_file &&
         (got = ::read(descriptor, buffer.data(), buffer.size())) > 0)
    text.append(buffer.data(), static_cast<std::size_t>(got));
  const int code = errno;
  ::close(descriptor);
  if (got < 0) unreadable(file, std::generic_category().message(code));
  if (text.size() > largest_file) unreadable(file, "it is larger than 1 MiB");
  return text;
}

void add_file(ParsedFlags& flags, Command command, const fs::path& file, Level level,
              bool must_exist = false) {
  const auto text = read_file(file, must_exist);
  if (!text) return;
  const ConfigFile config = parse_config(*text, file);
  for (const auto& [name, setting] : config.settings) {
    const Flag* flag = find_flag(build_command, name);
    if ((flag->commands & command) != 0) flags.add(*flag, setting.values, level, setting.origin);
  }
  if (!flags.max_used_space) flags.max_used_space = config.max_used_space;
  for (RegistrySettings registry : config.registries) {
    registry.level = level;
    flags.registries.push_back(std::move(registry));
  }
}

}  // namespace

bool is_setting(const Flag& flag) {
  const bool grouped = flag.group != FlagGroup::input && flag.group != FlagGroup::command;
  return flag.status == FlagStatus::honoured && grouped && (flag.commands & build_command) != 0 &&
         flag.name != "help" && flag.name != "config";
}

void add_configuration(ParsedFlags& flags, Command command, const Io& io) {
  if (flags.config == "none") return;
  if (flags.config) {
    if (flags.config->empty()) usage_error("--config needs the name of a file, or none");
    return add_file(flags, command, io.working_directory / *flags.config, Level::user_file, true);
  }
  if (const auto user = user_config_directory(io))
    add_file(flags, command, io.working_directory / *user / "ocibuild/config.toml",
             Level::user_file);
  add_file(flags, command, io.system_config, Level::system_file);
}

}  // namespace ocibuild::program
