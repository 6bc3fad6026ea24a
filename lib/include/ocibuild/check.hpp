// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/error.hpp>
#include <ocibuild/export.hpp>

namespace ocibuild {

enum class Severity { error, warning };

struct Finding {
  Severity severity;
  Diagnostic diagnostic;
};

struct CheckResult {
  std::string file;            ///< the Dockerfile, as findings name it
  std::filesystem::path path;  ///< the same from the working directory; empty when it is no file
  /// By line; those without a place come last. At most ten errors, and all warnings.
  std::vector<Finding> findings;
  std::size_t errors = 0;  ///< also those that are not among the findings
  std::size_t warnings = 0;
};

/// What build() would say about the Dockerfile without looking for files: every mistake and every
/// warning that text, ignore file and request show (docs/reference/dockerfile.md, 18.4).
///
/// Of `request` it reads what names the Dockerfile, target, platform, arguments and contexts, and
/// `store` for base images that happen to be there. Without a target every stage is looked at.
/// Writes nothing and opens no connection.
/// @throws Error   Errc::failed when there is no Dockerfile or no context
OCIBUILD_API CheckResult check(const BuildRequest& request);

/// What a Dockerfile leaves to choose.
struct Outline {
  std::vector<std::string> stages;     ///< names, in the order of the file
  std::vector<std::string> arguments;  ///< of every ARG, each once
};

/// Reads of `request` what names the Dockerfile, and passes over mistakes in it.
/// @throws Error(Errc::failed) when there is no Dockerfile or no context
OCIBUILD_API Outline outline(const BuildRequest& request);

}  // namespace ocibuild
