// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "dockerfile/instruction.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::dockerfile {

/// Text -> instructions. Every mistake that can be seen without a build goes to `diagnostics` and
/// parsing goes on with the next instruction; the result is whole only when there were no errors.
/// `file` and `path`: as of SourceText.
Dockerfile parse(std::string file, std::string_view text, support::Diagnostics& diagnostics,
                 std::filesystem::path path = {});

/// Parses `trigger`, an ONBUILD text that `base` left behind, and appends its instruction to
/// `file`. Everything in it has the place `from`, the FROM that makes it run, and so have its
/// mistakes. The result is the index of the instruction, nothing after an error.
std::optional<std::size_t> append_trigger(Dockerfile& file, const std::string& trigger,
                                          const std::string& base, const Span& from,
                                          support::Diagnostics& diagnostics);

}  // namespace ocibuild::dockerfile
