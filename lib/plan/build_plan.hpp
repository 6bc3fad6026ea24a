// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <ocibuild/image.hpp>

#include "oci/mode_change.hpp"
#include "oci/rootfs_path.hpp"
#include "plan/scope.hpp"
#include "plan/stage_graph.hpp"

/// What is left to do once every word is expanded: steps without any Dockerfile syntax.
namespace ocibuild::plan {

/// A word after expansion, with the place to blame.
struct Text {
  std::string text;
  dockerfile::Span span;
};

/// A file whose content the Dockerfile itself holds.
struct InlineFile {
  Text name;
  std::string content{};
};

/// A file that ADD fetches (docs/reference/dockerfile.md, 9.7).
struct Download {
  Text url;
  Digest checksum;  ///< SHA-256 of its bytes
  /// False: it depends on variables of a base that is missing, which are left in `url`.
  bool known = true;
};

/// COPY and ADD (docs/reference/dockerfile.md, 7 to 10).
struct CopyStep {
  Origin from;
  std::vector<Text> sources;  ///< paths or patterns, never empty texts
  oci::RootfsPath
      destination;  ///< WORKDIR joined, cleaned; symlinks in it are still to be followed
  bool destination_is_directory = false;  ///< written so that it wants a directory ("x/", ".", "")
  Text destination_text;                  ///< as expanded, for messages
  std::optional<Text> chown;              ///< "U", "U:G" or ":G"
  std::optional<oci::ModeChange> chmod;
  std::vector<InlineFile> inline_files{};  ///< placed after the sources
  std::optional<Download> download{};      ///< then there are no sources
  std::vector<Text> exclude{};             ///< patterns in the grammar of the ignore file
  bool link = false;                       ///< nothing of the image below is seen or kept
  bool parents = false;                    ///< keeps the directories of a source
  bool unpack = false;                     ///< ADD: a source that is an archive is unpacked
};

/// WORKDIR: the directory that has to exist afterwards.
struct WorkdirStep {
  oci::RootfsPath path;
  std::string user;  ///< USER's text in force: owner of directories that are made; may be empty
  dockerfile::Span span;
};

struct ConfigStep {};  ///< changes nothing but the config and history

struct Step {
  std::size_t instruction;  ///< index into Dockerfile::instructions
  std::string created_by;   ///< text of the history entry
  std::variant<ConfigStep, CopyStep, WorkdirStep> action;
  /// What its words read, by name; of steps that may make a layer.
  std::map<std::string, std::string> variables{};
  bool makes_layer() const { return !std::holds_alternative<ConfigStep>(action); }
};

/// State a stage starts with.
struct StageStart {
  ContainerConfig config;  ///< of the base; default-constructed for scratch
  std::string author;
  Scope variables;  ///< of the base *stage*; empty for images and scratch, open() if unknown
  bool workdir_set = false;  ///< a WORKDIR of the same file has set the directory
};

/// One name of an ARG, and what it is from there on.
struct Argument {
  std::size_t instruction;  ///< index into Dockerfile::instructions
  dockerfile::Arg::Entry entry;
  std::optional<std::string> value;  ///< absent: none, or it cannot be known
};

/// A secret or an agent that a RUN takes.
struct RunInput {
  std::size_t instruction;  ///< index into Dockerfile::instructions
  bool ssh = false;         ///< else a secret
  std::string id;           ///< as written where an unknown base decides
  bool required = false;
};

struct EvaluatedStage {
  ContainerConfig config;  ///< after the last instruction
  std::string author;
  Scope variables;
  bool workdir_set = false;
  std::vector<Step> steps;            ///< one for each instruction but FROM and ONBUILD
  std::vector<Argument> arguments{};  ///< in the order of the stage
  std::vector<RunInput> inputs{};     ///< the same
  /// Of ADDs that are no steps, because they depend on a base that is missing.
  std::vector<Download> more_downloads{};
};

}  // namespace ocibuild::plan
