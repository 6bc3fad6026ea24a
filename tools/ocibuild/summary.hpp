// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/transfer.hpp>

#include "settings.hpp"

/// The lines that close a build (docs/reference/cli.md, section 11).
namespace ocibuild::program {

/// Name, platform, user and command, then a row for the base, each layer and the total. `width`: of
/// the terminal, where no line shall wrap; 0: there is none.
std::string layer_table(const PlatformResult& image, const std::vector<Reference>& names,
                        const Look& look, std::size_t width = 0);

/// "image  sha256:…   digest sha256:…", both cut to twelve digits, in two lines where it is narrow.
/// For several platforms that for each, with the platform, and then the index.
std::string image_lines(const BuildResult& result, const Look& look, std::size_t width = 0);

/// Bytes of all layers, each counted once.
std::uint64_t layer_bytes(const BuildResult& result);

/// Where the time of a build that pushes went.
struct Phases {
  std::chrono::nanoseconds check{};    ///< that the push is allowed; within the build
  std::chrono::nanoseconds resolve{};  ///< base images
  std::chrono::nanoseconds layers{};
  std::chrono::nanoseconds push{};  ///< after the build
};

/// What there is to say at the end of a build.
struct BuildSummary {
  const BuildResult& result;
  const std::vector<Reference>& names;  ///< that the result has
  bool known = false;                   ///< store or registry had the same image before
  std::optional<PushResult> pushed{};
  Phases phases{};
};

/// What was made and sent and how long it took; "nothing changed" only if this very image was known
/// and nothing was sent.
std::string closing_line(const BuildSummary& summary);

/// All of it: tables if something changed, the image, the count of warnings, the closing line.
std::string summary_text(const BuildSummary& summary, std::size_t warnings, const Look& look,
                         std::size_t width = 0);

}  // namespace ocibuild::program
