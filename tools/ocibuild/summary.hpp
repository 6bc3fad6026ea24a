// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <ocibuild/build.hpp>

#include "settings.hpp"

/// The lines that close a build (docs/reference/cli.md, section 11).
namespace ocibuild::program {

/// Name, platform, user and command, then a row for the base, each layer and the total.
std::string layer_table(const PlatformResult& image, const std::vector<Reference>& names);

/// "image  sha256:…   digest sha256:…", both cut to twelve digits. For several platforms such a
/// line each, with the platform, and then the index.
std::string image_lines(const BuildResult& result, const Look& look);

/// Bytes of all layers, each counted once.
std::uint64_t layer_bytes(const BuildResult& result);

/// What was made and how long it took; "nothing changed" only if the store had this very image.
std::string closing_line(const BuildResult& result, bool known);

}  // namespace ocibuild::program
