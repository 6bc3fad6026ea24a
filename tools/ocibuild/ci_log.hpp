// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <ocibuild/check.hpp>

#include "io.hpp"

/// What CI systems read in the log of a job (docs/reference/cli.md, 9.7 and 9.8).
namespace ocibuild::program {

enum class CiSystem { none, github, gitlab };

/// Who reads the log, and the directory from which it finds files: that of the job.
struct CiLog {
  CiSystem system = CiSystem::none;
  std::filesystem::path directory{};
};

/// `path` from `directory` on if it is below, else as it is.
std::filesystem::path path_from(const std::filesystem::path& directory,
                                const std::filesystem::path& path);
/// How machines shall call the file of a finding: by its path where there is one.
std::string file_of(const SourceRange& where, const std::filesystem::path& directory);

/// The line that GitHub Actions takes for an annotation, ended.
std::string github_annotation(const Diagnostic& diagnostic, Severity severity,
                              const std::filesystem::path& directory);

/// Passes text on, with a backslash in front of a colon that begins a line: GitHub Actions takes
/// lines that begin with two for commands, whoever wrote them.
class CommandGuard final : public TextSink {
public:
  explicit CommandGuard(TextSink& inner) : inner_(inner) {}
  void write(std::string_view text) override;

private:
  TextSink& inner_;
  bool at_start_ = true;  ///< only blanks since the line began
};

}  // namespace ocibuild::program
