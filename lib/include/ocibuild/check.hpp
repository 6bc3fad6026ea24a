// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <filesystem>
#include <optional>
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
  std::string dockerfile;      ///< its text
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

/// The names that a Dockerfile gives to choose from, for who completes words.
struct Choices {
  std::vector<std::string> stages;     ///< in the order of the file
  std::vector<std::string> arguments;  ///< of every ARG, each once
};

/// Reads of `request` what names the Dockerfile, and passes over mistakes in it.
/// @throws Error(Errc::failed) when there is no Dockerfile or no context
OCIBUILD_API Choices choices(const BuildRequest& request);

/// Where an instruction stands; lines count from 1.
struct LineRange {
  unsigned first = 0;
  unsigned last = 0;
  auto operator<=>(const LineRange&) const = default;
};

/// A stage as something to build.
struct Target {
  std::string name;         ///< lower case; empty when it has none
  std::string description;  ///< the comment above its FROM that begins with its name, without that
  std::string base;         ///< as written
  std::string platform;     ///< of its FROM, as written
  bool is_default = false;  ///< built when none is named
  LineRange lines;
};

struct TargetList {
  std::string dockerfile;  ///< its text
  std::vector<Target> targets;
};

/// The stages of the Dockerfile, in its order (docs/reference/cli.md, 6.18).
/// @throws Error(Errc::failed) with the mistakes that the text alone shows
OCIBUILD_API TargetList targets(const BuildRequest& request);

/// What whoever builds a target can give, or has to.
struct Outline {
  struct Argument {
    std::string name;
    std::string description;           ///< as of Target, from above its ARG
    std::optional<std::string> value;  ///< with the build arguments of the request
    LineRange lines;
  };
  struct Input {
    std::string name;
    bool required = false;
    LineRange lines;
  };
  std::string dockerfile;  ///< its text
  Target target;
  std::vector<Argument> arguments;  ///< in the order of the file, as all of these
  std::vector<Input> secrets;       ///< RUN --mount=type=secret
  std::vector<Input> ssh;           ///< RUN --mount=type=ssh
};

/// The same for the target of `request` and every stage that it needs; of several platforms for the
/// first. No registry is asked: what depends on a base that the store lacks has no value. RUN,
/// which a build would refuse, is no error here.
/// @throws Error(Errc::failed) with the mistakes of the Dockerfile
OCIBUILD_API Outline outline(const BuildRequest& request);

}  // namespace ocibuild
