// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>

/// What a build would do, without doing it (docs/reference/cli.md, 4.18).
namespace ocibuild {

/// A layer of the image that would be built, base first.
struct PlannedLayer {
  enum class State {
    base,
    reused,   ///< a layer record has it
    built,    ///< would be made
    unknown,  ///< reused or built: what decides that is not here, as `causes` say
  };
  State state = State::unknown;
  std::optional<Descriptor> blob{};  ///< of base and reused layers
  std::uint64_t unpacked = 0;        ///< bytes of the tar; 0 when not known
  /// Of `unpacked`, what would be copied from earlier layers instead of being compressed.
  std::uint64_t copied = 0;
  std::string shared_cache{};          ///< that has the layer, when the store lacks it
  std::string repository{};            ///< "REGISTRY/PATH" that has it, when the store lacks it
  bool in_store = false;               ///< or would be: fetched, or made
  std::vector<RebuildCause> causes{};  ///< of State::built and unknown
  std::string instruction{};           ///< as written; the base's name for base layers
  std::string stage{};
  std::string file{};  ///< Dockerfile, empty for base layers
  unsigned line = 0;
};

struct PlannedImage {
  Platform platform;
  std::optional<Reference> base_name{};
  std::optional<Digest> base_digest{};
  std::vector<PlannedLayer> layers{};
};

/// A layer or file that would go over the network. Documents, of a few kB each, are not listed.
struct PlannedTransfer {
  enum class State {
    certain,
    at_most,    ///< perhaps not, or fewer bytes
    was_there,  ///< the registry has it: nothing moves
    mounted,    ///< taken over inside the registry: nothing moves
  };
  bool upload = false;
  State state = State::certain;
  std::string host;
  std::string what;                      ///< instruction, base or address
  std::optional<Digest> digest{};        ///< none of a layer that is not made yet
  std::optional<std::uint64_t> bytes{};  ///< none: only its server knows
};

struct BuildPlan {
  std::vector<PlannedImage> images;        ///< in the order of the request
  std::vector<PlannedTransfer> downloads;  ///< of the build; each blob once
  std::vector<Diagnostic> warnings;        ///< also sent as events
};

/// Does what build() does up to the first layer, and asks registries as build() would for the bases
/// that are not here, but writes nothing: no blob, record, name or index. Files that have to be
/// read to know whether a layer would be reused are read.
///
/// Where a base has layers that are not here, and nothing is known of their files, the steps that
/// look at these are State::unknown, and mistakes in them are not found.
/// @throws Error as build()
OCIBUILD_API BuildPlan plan_build(const BuildRequest& request, EventSink& events,
                                  std::stop_token stop = {});

}  // namespace ocibuild
