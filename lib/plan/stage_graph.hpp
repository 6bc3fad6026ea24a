// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <ocibuild/image.hpp>
#include <ocibuild/reference.hpp>

#include "dockerfile/instruction.hpp"
#include "plan/scope.hpp"
#include "support/diagnostics.hpp"

namespace ocibuild::plan {

/// What the caller of build() decides about a Dockerfile.
struct PlanInputs {
  std::string target{};  ///< stage name, any case, or number; empty: the last stage
  std::map<std::string, std::string> build_args{};
  std::optional<Platform> platform{};  ///< TARGETPLATFORM; empty: the host's
  std::set<std::string> contexts{};    ///< keys of --build-context names, see context_key.hpp
  /// What the name of an image means. Throws an Error with an id "name-…" for a wrong name.
  std::function<Reference(std::string_view)> reference_of = Reference::parse;
  /// Stages that the target does not need are looked at as well; what could only fail if they were
  /// built is no error.
  bool every_stage = false;
  /// A base image that is not there is no error; its variables are then unknown.
  bool missing_bases = false;
};

/// Where files or a base come from.
struct FromContext {};  ///< the build context; COPY only
struct FromScratch {};  ///< the empty root
struct FromStage {
  std::size_t index;  ///< always lower than the stage that refers to it
};
struct FromNamedContext {
  std::string name;         ///< a key of PlanInputs::contexts
  dockerfile::Span span{};  ///< the word that names it, or the stage whose place it takes
  std::optional<Platform> platform{};  ///< FROM --platform
};
struct FromImage {
  Reference name;
  dockerfile::Span span;               ///< the word that names it
  std::string written;                 ///< that word before expansion
  std::optional<Platform> platform{};  ///< FROM --platform
  std::string expansion{};  ///< for a label: "BASE=alpine:3 (--build-arg)"; empty: no variable
};
using Origin = std::variant<FromContext, FromScratch, FromStage, FromNamedContext, FromImage>;

struct Stage {
  std::string name;         ///< lower case; empty when it has none
  Origin base;              ///< FromScratch after an error
  bool base_wrong = false;  ///< its FROM has an error, which is reported
  std::size_t from = 0;     ///< its FROM: index into Dockerfile::instructions
  /// What runs after FROM, in order: triggers of the base, then its own. Indexes as above.
  std::vector<std::size_t> instructions;
  /// Origin of each COPY --from, by instruction index; FromContext for ADD and COPY without.
  std::map<std::size_t, Origin> copies;
  /// Stages that each RUN --mount=from= reads, by instruction index.
  std::map<std::size_t, std::vector<std::size_t>> mounts;
};

struct StageGraph {
  std::vector<Stage> stages;
  std::size_t target = 0;
  std::vector<std::size_t>
      needed;    ///< stages the target needs, ascending, so that each comes after its origins
  Scope global;  ///< ARG before FROM and the automatic platform names
};

/// Splits the Dockerfile into stages and finds what the target needs. Mistakes of any FROM line, an
/// unknown target and unknown or later stages in COPY --from go to `diagnostics`, as does RUN in
/// needed stages. No image is asked for.
///
/// A stage whose name a build context has starts from that context and has no instructions left.
StageGraph build_stage_graph(const dockerfile::Dockerfile& file, const PlanInputs& inputs,
                             support::Diagnostics& diagnostics);

/// Throws the errors, unless all of them are RUN in needed stages: those only a build refuses.
/// @throws Error(Errc::failed)
void throw_mistakes(const support::Diagnostics& diagnostics);

/// The ONBUILD texts of a base that is no stage: an image, or a build context, which may be one.
using TriggersOf = std::function<std::vector<std::string>(const Origin& base)>;

/// Puts the triggers of base images and base stages into the stages that need them, and their
/// instructions behind those of `file`. A trigger can make more stages needed, and so more images
/// asked for. Their mistakes go to `diagnostics`, at the FROM that makes them run. To be called
/// once, when build_stage_graph() found no error.
void add_triggers(dockerfile::Dockerfile& file, StageGraph& graph, const PlanInputs& inputs,
                  const TriggersOf& triggers_of, support::Diagnostics& diagnostics);

}  // namespace ocibuild::plan
