// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "io.hpp"

/// What a shell offers while an ocibuild command is typed (docs/reference/cli.md, 6.16).
namespace ocibuild::program {

/// The words that may stand in the place of the last of `words`, which may be empty, one a line;
/// ":files" and ":dirs" ask the shell for names of files. No network, and nothing for what is
/// wrong. Throws nothing.
std::string completions(std::span<const std::string> words, const Io& io);

/// The script for "bash", "zsh" or "fish"; empty for another shell.
std::string_view completion_script(std::string_view shell);

}  // namespace ocibuild::program
