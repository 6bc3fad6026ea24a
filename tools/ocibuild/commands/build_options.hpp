// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>

#include "commands/build_output.hpp"
#include "commands/cache_option.hpp"
#include "flags.hpp"
#include "io.hpp"

namespace ocibuild::program {

/// What a `build` command line asks for, checked as far as it can be without reading anything.
struct BuildOptions {
  BuildRequest request;
  bool dockerfile_from_stdin = false;
  bool context_from_stdin = false;
  UnnamedFile context_file{};         ///< keeps that one open, once it was read
  std::vector<Reference> names{};     ///< of -t and name=, also those of outputs outside the store
  std::vector<OutputSpec> outputs{};  ///< only those that write something
  std::vector<CacheTarget> cache_to{};
  std::optional<std::filesystem::path> iidfile{};
  std::optional<std::filesystem::path> metadata_file{};
  std::optional<std::filesystem::path> digest_file{};
  std::optional<std::filesystem::path> name_file{};  ///< --image-name-with-digest-file
  std::optional<std::filesystem::path> tag_file{};   ///< --image-name-tag-with-digest-file
  bool push = false;                                 ///< send the result to all `names`
  bool load = false;       ///< and to the container engine of this machine
  bool prints_id = false;  ///< the image ID goes to standard output
};

/// The part of it that says what a Dockerfile means: PATH, -f, --target, --build-arg, --platform,
/// --build-context, and the store. @throws Error(Errc::usage)
BuildOptions parse_source_options(const ParsedFlags& flags, const Io& io);

/// Reads the Dockerfile or the context from standard input, if that is asked for.
void read_standard_input(BuildOptions& options, const Io& io);

/// @throws Error(Errc::usage)
BuildOptions parse_build_options(const ParsedFlags& flags, const Io& io);

}  // namespace ocibuild::program
