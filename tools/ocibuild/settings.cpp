// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>

#include <ocibuild/docker_context.hpp>

#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

bool utf8_locale(const Io& io) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    auto value = io.variable(name);
    if (!value) continue;
    std::transform(value->begin(), value->end(), value->begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return value->find("utf-8") != std::string::npos || value->find("utf8") != std::string::npos;
  }
  return false;
}

bool forced(const Io& io, const char* name) {
  const auto value = io.variable(name);
  return value && *value != "0";
}

bool is_true(const Io& io, const char* name) {
  return forced(io, name) && io.variable(name) != "false";
}

}  // namespace

Look look_of(const ParsedFlags& flags, const Io& io, const OutputStream& stream) {
  Look look;
  look.utf8 = utf8_locale(io);
  std::string when = flags.text("color").value_or("auto");
  if (when != "auto" && when != "always" && when != "never") {
    usage_error(flags.origin("color") + " takes auto, always or never, not '" +
                terminal_text(when) + "'");
  }
  const bool by_file = flags.level("color") >= Level::user_file;
  const bool by_variable =
      io.variable("NO_COLOR") || forced(io, "FORCE_COLOR") || forced(io, "CLICOLOR_FORCE");
  if (by_file && by_variable) when = "auto";  // general variables come before files
  if (when == "never") return look;
  const bool wanted =
      stream.is_terminal && io.variable("TERM").value_or("") != "dumb" && !io.variable("NO_COLOR");
  look.colour =
      when == "always" || forced(io, "FORCE_COLOR") || forced(io, "CLICOLOR_FORCE") || wanted;
  return look;
}

ProgressMode progress_mode(const ParsedFlags& flags, const Io& io) {
  const std::string mode = flags.text("progress").value_or("auto");
  // BUILDKIT_PROGRESS is set for docker, and a file for all terminals and none: what cannot be had
  // of them is no reason to fail.
  const bool for_us = flags.level("progress") <= Level::variable;
  const bool foreign = flags.level("progress") == Level::general_variable;
  const std::string term = io.variable("TERM").value_or("dumb");
  const bool can_redraw = io.err.is_terminal && term != "dumb";
  if (mode == "quiet" || mode == "none") return ProgressMode::quiet;
  if (mode == "plain") return ProgressMode::plain;
  if (mode == "rawjson") return ProgressMode::json;
  if (for_us && mode == "tty" && !can_redraw) {
    usage_error(flags.origin("progress") + (io.err.is_terminal
                                                ? "=tty needs a terminal that can move its cursor"
                                                : "=tty needs a terminal on standard error"));
  }
  if (!foreign && mode != "auto" && mode != "tty") {
    usage_error(flags.origin("progress") +
                " takes auto, tty, plain, rawjson, quiet or none, not '" + terminal_text(mode) +
                "'");
  }
  const bool tty = mode == "tty" || !io.variable("CI");
  return tty && can_redraw ? ProgressMode::terminal : ProgressMode::plain;
}

CiLog ci_log(const Io& io) {
  CiLog log{CiSystem::none, io.working_directory};
  if (io.variable("OCIBUILD_CI") && !is_true(io, "OCIBUILD_CI")) return log;
  if (is_true(io, "GITHUB_ACTIONS")) log.system = CiSystem::github;
  if (is_true(io, "GITLAB_CI")) log.system = CiSystem::gitlab;
  return log;
}

std::optional<std::filesystem::path> home_directory(const Io& io) {
  const auto value = io.variable("HOME");
  return value ? std::optional<std::filesystem::path>(io.resolve(*value)) : std::nullopt;
}

std::optional<std::filesystem::path> user_config_directory(const Io& io) {
  const auto config = io.variable("XDG_CONFIG_HOME");
  if (config && config->front() == '/') return *config;
  const auto home = home_directory(io);
  return home ? std::optional(*home / ".config") : std::nullopt;
}

std::optional<std::filesystem::path> docker_directory(const Io& io) {
  if (const auto directory = io.variable("DOCKER_CONFIG")) return io.resolve(*directory);
  const auto home = home_directory(io);
  return home ? std::optional(*home / ".docker") : std::nullopt;
}

std::filesystem::path store_root(const ParsedFlags& flags, const Io& io) {
  if (const auto root = flags.text("root")) {
    if (root->empty()) usage_error(flags.origin("root") + " needs the name of a directory");
    return io.resolve(*root);
  }
  // A relative XDG directory is to be ignored (XDG base directory specification).
  const auto data = io.variable("XDG_DATA_HOME");
  if (data && data->front() == '/') return std::filesystem::path(*data) / "ocibuild";
  if (const auto home = home_directory(io)) return *home / ".local" / "share" / "ocibuild";
  usage_error("there is no place for the store: HOME is not set; use --root DIR or OCIBUILD_ROOT");
}

std::filesystem::path cache_directory(const ParsedFlags& flags, const Io& io) {
  const auto directory = flags.text("cache-dir");
  return directory ? io.resolve(*directory) : store_root(flags, io) / "cache";
}

namespace {

/// The path of unix://PATH; nothing for any other address.
std::optional<std::filesystem::path> socket_path(std::string_view address) {
  constexpr std::string_view scheme = "unix://";
  if (!address.starts_with(scheme) || address.size() == scheme.size()) return std::nullopt;
  return std::filesystem::path(address.substr(scheme.size()));
}

/// docker's and podman's, the user's own engine after docker's of the system as docker has it.
std::vector<std::filesystem::path> usual_sockets(const Io& io) {
  std::vector<std::filesystem::path> out = {io.run_directory / "docker.sock"};
  if (const auto runtime = io.variable("XDG_RUNTIME_DIR")) {
    out.push_back(io.resolve(*runtime) / "docker.sock");
    out.push_back(io.resolve(*runtime) / "podman/podman.sock");
  }
  out.push_back(io.run_directory / "podman/podman.sock");
  return out;
}

/// Another tool's word that --load does not speak is for that tool: no mistake, but worth a note.
EngineChoice for_other_tools(const std::string& origin, const std::string& address) {
  return {.note = origin + " '" + terminal_text(address, 200) +
                  "' is no unix:// address: the image is in the store only; ocibuild save writes "
                  "it for docker load"};
}

EngineChoice at_address(const std::string& address, const std::string& origin, const Io& io) {
  if (const auto socket = socket_path(address))
    return {.sockets = {io.resolve(*socket)}, .is_named = true};
  return for_other_tools(origin, address);
}

/// What --host and its kin say.
EngineChoice at_host(const ParsedFlags& flags, const Io& io) {
  const std::string address = *flags.text("host");
  const std::string origin = flags.origin("host");
  if (address == "none") return {};
  EngineChoice choice = at_address(address, origin, io);
  if (choice.is_named || flags.level("host") == Level::general_variable) return choice;
  usage_error(origin + " takes unix://PATH or none, not '" + terminal_text(address, 200) + '\'');
}

/// The engine of docker's context `name`, or of the one in use when that is empty.
std::optional<EngineChoice> at_context(const std::string& name, const Io& io) {
  const auto directory = docker_directory(io);
  if (!directory) return std::nullopt;
  const auto context = docker_context(*directory, name);
  if (!context || context->host.empty()) return std::nullopt;
  return at_address(context->host, "docker context '" + terminal_text(context->name, 200) + '\'',
                    io);
}

}  // namespace

EngineChoice engine_choice(const ParsedFlags& flags, const Io& io) {
  // Variables of other tools go before files, docker's before podman's (7.1).
  const auto level = flags.level("host");
  if (level && *level <= Level::general_variable) return at_host(flags, io);
  const auto context = io.variable("DOCKER_CONTEXT");
  if (context) {
    if (auto choice = at_context(*context, io)) return *choice;
  }
  if (const auto podman = io.variable("CONTAINER_HOST"))
    return at_address(*podman, "CONTAINER_HOST", io);
  if (level) return at_host(flags, io);
  if (!context) {
    if (auto choice = at_context("", io)) return *choice;
  }
  return {.sockets = usual_sockets(io)};
}

std::optional<std::uint64_t> space_limit(const ParsedFlags& flags) {
  const auto size = flags.text("max-used-space");
  if (!size) return std::nullopt;
  return parse_size(*size, flags.origin("max-used-space"));
}

std::optional<std::uint64_t> configured_space_limit(const ParsedFlags& flags) {
  if (!flags.max_used_space) return std::nullopt;
  return parse_size(flags.max_used_space->text, flags.max_used_space->origin);
}

}  // namespace ocibuild::program
