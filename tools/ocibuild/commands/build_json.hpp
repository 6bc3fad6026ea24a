// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <ocibuild/build.hpp>

/// The text of --metadata-file (docs/reference/cli.md, section 8): buildx's keys and ours.
namespace ocibuild::program {

std::string metadata_json(const BuildResult& result, const std::vector<Reference>& names);
std::string metadata_json(const Error& error);

}  // namespace ocibuild::program
