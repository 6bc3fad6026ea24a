// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <ocibuild/image.hpp>

#include "dockerfile/checks.hpp"
#include "dockerfile/source_text.hpp"

/// The instructions of a Dockerfile as written: parsed, not yet expanded
/// (docs/reference/dockerfile.md, 3).
namespace ocibuild::dockerfile {

/// A word with its quotes and escapes, and where it stands.
struct Word {
  std::string text;
  Span span;
};

struct From {
  Word image;
  std::optional<Word> platform;
  std::optional<Word> name;  ///< behind AS, lower-cased
};

struct Arg {
  struct Entry {
    Word name;
    std::optional<Word> value;  ///< the default
  };
  std::vector<Entry> entries;
};

struct KeyValue {
  Word key;
  Word value;
};
struct Env {
  std::vector<KeyValue> pairs;
  bool legacy = false;  ///< one pair, written without "="
};
struct Label {
  std::vector<KeyValue> pairs;
  bool legacy = false;
};

/// Exec form (JSON) or shell form.
struct Command {
  std::optional<std::vector<std::string>> exec;
  std::string shell_text;  ///< verbatim; only without exec
};
/// A file, or script, written into the Dockerfile itself (docs/reference/dockerfile.md, 10).
struct HeredocFile {
  Word name;            ///< behind `<<`, without its quotes
  std::string body{};   ///< raw lines, each with its line end; `<<-` has removed its tabs
  bool expand = false;  ///< no part of the name is quoted
};

struct Copy {
  std::optional<Word> from;
  std::optional<Word> chown;
  std::optional<Word> chmod;
  std::vector<Word> exclude{};
  bool link = false;
  bool parents = false;
  std::vector<Word> sources;            ///< with `heredocs` at least one
  std::vector<HeredocFile> heredocs{};  ///< taken after `sources`, wherever they stand
  Word destination;
};

struct Add {
  Copy files;  ///< never with `from` or `parents`
  std::optional<Word> checksum{};
  std::optional<bool> unpack{};  ///< unset: archives of the context are, downloads are not
  bool keep_git_dir = false;
};

/// A secret or an agent that whoever builds hands to RUN --mount.
struct MountedInput {
  bool ssh = false;        ///< else a secret
  Word id;                 ///< its default where nothing is written; variables are not expanded
  bool is_target = false;  ///< `id` is the path of the file, which gives its last part
  bool required = false;
};

/// Understood completely, never executed.
struct Run {
  Command command{};
  std::vector<HeredocFile> heredocs{};
  std::vector<Word> mounts_from{};  ///< each `--mount=…,from=`
  std::vector<MountedInput> inputs{};
};

/// Kept as text: it is parsed when a stage starts from this one.
struct Onbuild {
  std::string trigger;  ///< as stored in the config; heredoc bodies included
};

struct Cmd {
  Command command;
};
struct Entrypoint {
  Command command;
};
struct Shell {
  std::vector<std::string> shell;
};
struct HealthcheckInstruction {
  Healthcheck check;  ///< complete: nothing in it is expanded
};

struct Workdir {
  Word path;
};
struct User {
  Word user;
};
struct StopSignal {
  Word signal;
};
struct Maintainer {
  Word text;
};
struct Expose {
  std::vector<Word> ports;
};
struct Volume {
  std::vector<Word> paths;
};

struct Instruction {
  std::string keyword;  ///< upper case
  std::string text;     ///< the whole instruction, continuation lines joined, trimmed: for display
  Span span;            ///< the keyword
  std::variant<From, Arg, Env, Label, Copy, Add, Run, Onbuild, Cmd, Entrypoint, Shell,
               HealthcheckInstruction, Workdir, User, StopSignal, Maintainer, Expose, Volume>
      body;
};

/// The files that COPY or ADD writes; null for every other instruction.
inline const Copy* files_of(const Instruction& instruction) {
  if (const auto* add = std::get_if<Add>(&instruction.body)) return &add->files;
  return std::get_if<Copy>(&instruction.body);
}

struct Dockerfile {
  SourceText source;
  char escape = '\\';  ///< escape character: backslash, or what the directive says
  /// In the order of the text; behind them the triggers of base images and base stages.
  std::vector<Instruction> instructions;
  Checks checks{};  ///< which warnings are wanted
  /// Keywords, upper case, of the instructions with mistakes, which are left out; "" for one that
  /// is unknown.
  std::set<std::string> faulty{};
};

}  // namespace ocibuild::dockerfile
