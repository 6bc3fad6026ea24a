// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include <ocibuild/check.hpp>

namespace ocibuild::program {

/// One object (docs/reference/cli.md, 6.6): BuildKit's keys for a lint result, and ours. Files are
/// named from `directory` on.
std::string check_json(const CheckResult& result, const std::filesystem::path& directory);

/// A line for each finding that GitHub Actions takes for an annotation
/// (docs/reference/cli.md, 6.7).
std::string check_github(const CheckResult& result, const std::filesystem::path& directory);

}  // namespace ocibuild::program
