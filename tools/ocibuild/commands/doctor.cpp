// SPDX-License-Identifier: Apache-2.0
#include "commands/doctor.hpp"

#include <filesystem>
#include <thread>

#include "commands/build_options.hpp"
#include "commands/commands.hpp"
#include "console.hpp"
#include "network_settings.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

namespace fs = std::filesystem;

/// With ~ for the home directory, so that a report can be shown around.
std::string shown_path(const fs::path& path, const Io& io) {
  const std::string text = path.string();
  const std::string home = home_directory(io).value_or("").string();
  return !home.empty() && text.starts_with(home + '/') ? '~' + text.substr(home.size()) : text;
}

std::uint64_t bytes_below(const fs::path& directory) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) bytes += it->file_size(ignored);
  }
  return bytes;
}

/// Of the file system on which the store is, or will be made.
std::uint64_t free_bytes(fs::path directory) {
  std::error_code error;
  while (!fs::exists(directory, error) && directory.has_relative_path())
    directory = directory.parent_path();
  const fs::space_info space = fs::space(directory, error);
  return error ? 0 : space.available;
}

DoctorMachine machine(const fs::path& store, const NetworkSettings& network, const Io& io) {
  return {.cpus = std::thread::hardware_concurrency(),
          .store = shown_path(store, io),
          .store_bytes = bytes_below(store),
          .free_bytes = free_bytes(io.working_directory / store),
          .offline = network.offline};
}

bool has_dockerfile(const fs::path& context) {
  std::error_code ignored;
  for (const char* name : {"Dockerfile", "Containerfile", "dockerfile"}) {
    if (fs::is_regular_file(context / name, ignored)) return true;
  }
  return false;
}

/// The Dockerfile whose bases are asked for: the one that is named, else, when nothing is, the one
/// here.
std::optional<BuildRequest> wanted_build(const ParsedFlags& flags, const Io& io) {
  ParsedFlags source = flags;
  source.arguments.clear();  // they are names, and not a context
  BuildOptions options = parse_source_options(source, io);
  read_standard_input(options, io);
  if (flags.has("file")) return options.request;
  if (flags.arguments.empty() && has_dockerfile(options.request.context)) return options.request;
  return std::nullopt;
}

}  // namespace

void examine_network(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  Io& io = invocation.io;
  const std::string format = flags.text("format").value_or("text");
  if (format != "text" && format != "json")
    usage_error("--format takes text or json, not '" + terminal_text(format, 100) + "'");
  if (flags.on("push") && flags.arguments.empty())
    usage_error("--push needs the name of an image to push to");
  DoctorRequest request{.network = network_settings(invocation),
                        .build = wanted_build(flags, io),
                        .names = flags.arguments,
                        .push = flags.on("push")};
  request.asking = [&](const std::string& registry) {
    invocation.console.on_event(Asking{Asking::For::diagnosis, registry, registry});
  };
  const DoctorResult result = doctor(request, io.stop);
  const DoctorMachine about = machine(store_root(flags, io), request.network, io);
  io.out.sink->write(format == "json" ? doctor_json(result, about)
                                      : doctor_text(result, about, look_of(flags, io, io.out)));
  if (const auto worst = result.worst()) invocation.status = static_cast<int>(*worst);
}

}  // namespace ocibuild::program
