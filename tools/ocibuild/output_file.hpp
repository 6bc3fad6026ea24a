// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

/// Small files that a command writes beside its result, such as --iidfile.
namespace ocibuild::program {

/// Refuses, before any work, a file whose directory is not there or that is a directory itself.
/// @throws Error(Errc::usage) naming `flag`
void check_output_file(const std::filesystem::path& file, const std::string& flag);

/// Writes the whole file and gives it its name at the end, so that a reader sees all or nothing.
/// What is no regular file (/dev/stdout, a FIFO) is written directly. @throws Error(Errc::failed)
void write_output_file(const std::filesystem::path& file, std::string_view text);

/// Removes what an earlier run left, so that a failed build leaves no stale result.
void remove_output_file(const std::filesystem::path& file);

}  // namespace ocibuild::program
