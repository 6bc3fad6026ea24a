// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flags.hpp"
#include "io.hpp"

namespace ocibuild::program {

/// What kaniko's flags mean, in words of `build` (docs/reference/cli.md, 2.7 to 2.10).
struct KanikoCall {
  std::vector<std::string> words;
  std::optional<std::string> context_archive{};  ///< to be standard input: the context is a tar
};

/// `flags` are those of the command `executor`. @throws Error(Errc::usage)
KanikoCall words_of_build(const ParsedFlags& flags, const Io& io);

/// Replaces `flags` of the command `executor` by those of `build`. A context in a file becomes
/// standard input, for as long as the file that is returned is open. @throws Error(Errc::usage)
UnnamedFile use_kaniko_flags(ParsedFlags& flags, Io& io);

}  // namespace ocibuild::program
