// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <ocibuild/build.hpp>

#include "build/fetching.hpp"
#include "context/ignore_rules.hpp"
#include "dockerfile/parser.hpp"
#include "rootfs/view.hpp"

namespace ocibuild::engine {

/// The texts that steer a build, found as docs/reference/dockerfile.md section 1 says.
struct Inputs {
  std::string name;  ///< of the Dockerfile, for messages
  std::string text;
  std::filesystem::path path;  ///< of the Dockerfile; empty when it is no file
  context::IgnoreRules rules;
  /// The context, when that is no directory: the files of a tar, or none.
  std::optional<rootfs::View> files{};
};

/// Threads that the request grants to what takes time: those it names, or all CPUs.
unsigned jobs_of(const BuildRequest& request);

/// The rules of DIRECTORY/.dockerignore; none when there is no such file.
context::IgnoreRules read_ignore_file(const std::filesystem::path& directory);

/// An annotation that no document of this build could carry is refused.
/// @throws Error(Errc::usage, annotation-misplaced)
void check_annotations(const BuildRequest& request);

/// The Dockerfile, and the files of a context that is a tar; `rules` stay empty. `fetching`:
/// whether the store may be written.
/// @throws Error(Errc::failed) context-missing, dockerfile-missing (naming what is near)
Inputs read_dockerfile(const BuildRequest& request, Fetching fetching = Fetching::all);

/// The instructions of `inputs`; mistakes, each with its place, go to `diagnostics`.
dockerfile::Dockerfile parse_dockerfile(const Inputs& inputs, support::Diagnostics& diagnostics);

/// Reads the rules that belong to the Dockerfile of `inputs`.
/// @throws Error(Errc::failed) ignore-pattern-invalid
void read_ignore_rules(const BuildRequest& request, Inputs& inputs);

/// Both. @throws Error(Errc::failed)
Inputs read_inputs(const BuildRequest& request, Fetching fetching = Fetching::all);

}  // namespace ocibuild::engine
