// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include <ocibuild/network.hpp>

#include "flags.hpp"
#include "io.hpp"
#include "program.hpp"

namespace ocibuild::program {

/// How registries are reached: flags, variables and the files that docker and podman users have
/// (docs/reference/cli.md, 4.3 and 7). Opens no file.
/// @throws Error(Errc::usage) for a value that cannot be
NetworkSettings network_settings(const ParsedFlags& flags, const Io& io);
/// The same for a command that asks registries, whose console keeps the request log: what
/// check_network_flags() refuses is refused.
NetworkSettings network_settings(Invocation& invocation);
/// The console, which must outlive them, keeps the log of --debug.
void log_requests(NetworkSettings& settings, Console& console);

/// The file that login and logout change: --authfile, else docker's config.json.
/// @throws Error(Errc::usage) when there is no home for it
std::filesystem::path login_file(const ParsedFlags& flags, const Io& io);

}  // namespace ocibuild::program
