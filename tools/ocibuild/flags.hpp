// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::program {

/// A set of commands is a sum of these.
enum Command : unsigned {
  build_command = 1,
  images_command = 2,
  inspect_command = 4,
  history_command = 8,
  tag_command = 16,
  rmi_command = 32,
  save_command = 64,
  load_command = 128,
  version_command = 256,
  check_command = 512,
  push_command = 1024,
  pull_command = 2048,
  login_command = 4096,
  logout_command = 8192,
  doctor_command = 16384,
  cache_ls_command = 32768,
  cache_prune_command = 65536,
  cache_gc_command = 131072,
  cache_dir_command = 262144,
  cache_verify_command = 524288,
  completion_command = 1048576,
  executor_command = 2097152,
  plan_command = 4194304,  ///< takes build's flags, and is build --dry-run
  every_command = 8388607,
};

enum class FlagKind : std::uint8_t {
  boolean,        ///< a value only after "=": true, false, 1 or 0
  text,           ///< exactly one value; the last one wins
  list,           ///< one value each time
  optional_text,  ///< a value only after "="; without one `implied`
};

enum class FlagStatus : std::uint8_t {
  honoured,
  without_effect,  ///< docker's or buildah's, about a daemon or a RUN container: nothing to act on
  refused,         ///< known, refused with the sentence in `help`
};

/// The groups of the full help, in its order.
enum class FlagGroup : std::uint8_t {
  input,
  output,
  base,
  work,
  reproducible,
  display,
  global,
  command,  ///< of the small commands, which need no groups
};

/// One row of the table that the parser, the help and the error texts share.
struct Flag {
  std::string_view name;
  char letter = 0;
  FlagKind kind = FlagKind::boolean;
  std::string_view value{};    ///< what the help calls the value
  std::string_view initial{};  ///< default, as the help shows it
  std::string_view help{};
  FlagGroup group = FlagGroup::command;
  unsigned commands = build_command;
  FlagStatus status = FlagStatus::honoured;
  std::string_view same_as{};   ///< this is another tool's name for that flag
  std::string_view implied{};   ///< value of an optional_text without "="
  std::string_view brief{};     ///< row of the short help it is shown in; empty: in none
  std::string_view variable{};  ///< another tool's variable for the same, below our own
  bool opposite = false;        ///< of `same_as`: true here is false there
  bool adds_up = false;         ///< a list whose levels do not replace each other
};

/// Every flag of every command; rows of one name differ in `commands`.
std::span<const Flag> flag_table();
/// The row with that name for `command`, or null.
const Flag* find_flag(Command command, std::string_view name);
/// "OCIBUILD_BUILD_ARG" for "build-arg"; empty if the flag is read from no variable: only flags of
/// build are, and of these not --help.
std::string environment_name(const Flag& flag);

enum class HelpWanted : std::uint8_t { none, brief, full };

/// Where a value comes from; an earlier one wins (docs/reference/cli.md, 7).
enum class Level : std::uint8_t {
  command_line,
  variable,
  general_variable,
  user_file,
  system_file
};

/// A value of a configuration file that no flag of a build has.
struct FileValue {
  std::string text;
  std::string origin;  ///< for messages: "max-used-space (/etc/ocibuild/config.toml:3)"
};

/// [registry."HOST"] of a configuration file.
struct RegistrySettings {
  std::string registry;  ///< normalised
  Level level{};
  std::string origin;  ///< for messages: FILE:LINE
  std::vector<std::string> mirrors{};
  std::optional<bool> mirror_only{};
  std::optional<bool> insecure{};
  std::vector<std::string> authorities{};  ///< files
  std::string certificate{};               ///< for the client; given with `key` or not at all
  std::string key{};
};

/// What a command line says, after variables and files filled in what it does not say.
class ParsedFlags {
public:
  /// Given on the command line, by a variable or in a file.
  bool has(std::string_view name) const { return given_.find(name) != given_.end(); }
  bool on(std::string_view name, bool otherwise = false) const;
  std::optional<std::string> text(std::string_view name) const;
  std::vector<std::string> list(std::string_view name) const;
  /// How messages call the place the value came from: "--jobs", "OCIBUILD_JOBS", or
  /// "jobs (/etc/ocibuild/config.toml:3)".
  std::string origin(std::string_view name) const;
  /// Absent for what is not given.
  std::optional<Level> level(std::string_view name) const;
  /// Of two flags that exclude each other: `name` is given, and not only in a file while `other` is
  /// given above it.
  bool holds_against(std::string_view name, std::string_view other) const;
  /// Fills in what no earlier level has given; call level by level, with checked values.
  void add(const Flag& flag, const std::vector<std::string>& values, Level level,
           const std::string& origin);

  std::vector<std::string> arguments{};
  std::vector<std::string> without_effect{};   ///< names, for --debug
  std::optional<std::string> config{};         ///< --config: which files are read
  std::vector<RegistrySettings> registries{};  ///< of the files, earlier levels first
  std::optional<FileValue> max_used_space{};   ///< [cache], of the first file that has it
  HelpWanted help = HelpWanted::none;

private:
  friend class FlagParser;
  struct Given {
    std::vector<std::string> values;
    Level level{};
    std::string origin{};
  };
  std::map<std::string, Given, std::less<>> given_;
};

/// Reads the words of a command by pflag's grammar (docs/reference/cli.md, section 2); the first
/// `globals` of them stood before it and are flags of every command. Stops at the first -h or
/// --help.
/// @throws Error(Errc::usage)
ParsedFlags parse_flags(Command command, std::span<const std::string> words,
                        const std::map<std::string, std::string>& environment,
                        std::size_t globals = 0);

/// Number of words that the global flags at the front take, values included: where the command is.
std::size_t global_prefix(std::span<const std::string> words);

/// Always throws Error(Errc::usage) without an id, as mistakes of the command line have none.
[[noreturn]] void usage_error(const std::string& message);

/// A whole number without sign. @throws Error(Errc::usage) naming `origin` and the range
std::uint64_t parse_count(std::string_view text, const std::string& origin, std::uint64_t least,
                          std::uint64_t most);

}  // namespace ocibuild::program
