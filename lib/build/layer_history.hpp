// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>

#include "build/stages.hpp"
#include "build/step_memory.hpp"
#include "store/blob_store.hpp"
#include "store/build_cache.hpp"

namespace ocibuild::engine {

/// Why the layers of one platform's image are made anew (docs/reference/image.md, 7.12): compares
/// them with those of the last build of the same Dockerfile, and remembers them for the next.
///
/// Nothing is read before something is asked, and nothing written for stages whose layers were all
/// found.
class LayerHistory {
public:
  struct Inputs {
    const BuildRequest& request;
    const store::BuildCache& cache;
    const store::BlobStore& blobs;
    const dockerfile::Dockerfile& file;
    const plan::StageGraph& graph;
    std::string project;    ///< tells the Dockerfiles of one cache from each other
    std::string platform;   ///< empty: none was asked for
    const BaseImage* base;  ///< of the image; null for scratch
    std::string format;     ///< of layers: moves with all that their bytes depend on
    std::stop_token stop{};
  };
  explicit LayerHistory(Inputs inputs) : in_(std::move(inputs)) {}

  /// `step` has files, and its layer was not found. `anew`: nor looked for.
  std::vector<RebuildCause> explain(const StageWork& work, const StageStep& step, bool anew);
  /// All layers of the stage are there.
  void remember(const StageWork& work);

private:
  Digest key_of(const StageWork& work) const;
  StageMemory& memory_of(const StageWork& work);
  StepFacts facts_of(const StageWork& work, const StageStep& step) const;
  std::vector<RebuildCause> compare(const RememberedStep& before, const StepFacts& now,
                                    const std::vector<layer::LayerFile>& files) const;
  /// The files of an earlier layer; null: they cannot be known any more.
  std::shared_ptr<const rootfs::LayerIndex> files_of(const RememberedStep& step) const;

  const Inputs in_;
  std::map<Digest, StageMemory> memories_;
};

}  // namespace ocibuild::engine
