// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
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
  std::string name;  ///< lower case; empty when it has none
  Origin base;
  std::size_t from = 0;   ///< index of its FROM in Dockerfile::instructions
  std::size_t first = 0;  ///< its instructions after FROM: [first, end) of Dockerfile::instructions
  std::size_t end = 0;
  /// Origin of each COPY --from, by instruction index; FromContext for COPY without.
  std::map<std::size_t, Origin> copies;
};

struct StageGraph {
  std::vector<Stage> stages;
  std::size_t target = 0;
  std::vector<std::size_t>
      needed;    ///< stages the target needs, ascending, so that each comes after its origins
  Scope global;  ///< ARG before FROM and the automatic platform names
};

/// Splits the Dockerfile into stages and finds what the target needs. Mistakes of any FROM line, an
/// unknown target and unknown or later stages in COPY --from go to `diagnostics`, as do refused
/// instructions of needed stages.
///
/// A stage whose name a build context has starts from that context and has no instructions left.
StageGraph build_stage_graph(const dockerfile::Dockerfile& file, const PlanInputs& inputs,
                             support::Diagnostics& diagnostics);

}  // namespace ocibuild::plan
