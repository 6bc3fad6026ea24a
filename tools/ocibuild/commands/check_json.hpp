// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <ocibuild/check.hpp>

namespace ocibuild::program {

/// How machines shall call the file of a finding: by its path, where findings have a shorter name.
std::string file_of(const Diagnostic& diagnostic, const CheckResult& result);

/// One object (docs/reference/cli.md, 6.6): BuildKit's keys for a lint result, and ours.
std::string check_json(const CheckResult& result);

/// A line for each finding that GitHub Actions takes for an annotation
/// (docs/reference/cli.md, 6.7).
std::string check_github(const CheckResult& result);

}  // namespace ocibuild::program
