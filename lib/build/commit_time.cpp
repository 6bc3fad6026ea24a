// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <ocibuild/build.hpp>

#include "process/run.hpp"
#include "support/text.hpp"

namespace ocibuild {

using support::concat;

std::int64_t commit_time(const std::filesystem::path& directory, std::stop_token stop) {
  // The configuration of a repository may name programs; none of them is wanted here.
  const auto result =
      process::run({.program = "git",
                    .arguments = {"-C", directory.string(), "-c", "log.showSignature=false", "-c",
                                  "core.fsmonitor=false", "log", "-1", "--format=%ct"}},
                   std::move(stop));
  if (!result) {
    throw Error(Errc::failed, "commit-time-unknown",
                "the time of the last commit is not known: there is no git in PATH")
        .help("give the seconds:  --source-date-epoch SECONDS");
  }
  std::int64_t seconds = 0;
  const std::string& text = result->output;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (result->exit_code == 0 && error == std::errc() && *end == '\n') return seconds;
  Error failure(Errc::failed, "commit-time-unknown",
                concat("the time of the last commit of ", support::quote(directory.string()),
                       " is not known"));
  const std::string first_line = result->errors.substr(0, result->errors.find('\n'));
  if (!first_line.empty()) failure.note(concat("git says: ", support::escape_controls(first_line)));
  throw failure.help("give the seconds:  --source-date-epoch SECONDS");
}

}  // namespace ocibuild
