// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/transfer.hpp>

/// The text of --metadata-file (docs/reference/cli.md, section 8): buildx's keys and ours.
namespace ocibuild::program {

/// `pushed`: absent when nothing was to be sent.
std::string metadata_json(const BuildResult& result, const std::vector<Reference>& names,
                          const std::optional<PushResult>& pushed);
std::string metadata_json(const Error& error);

}  // namespace ocibuild::program
