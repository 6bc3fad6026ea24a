// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "build/archives.hpp"
#include "build/downloads.hpp"
#include "build/step_place.hpp"
#include "context/context_tree.hpp"
#include "layer/file_set.hpp"
#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// What COPY reads from.
struct CopyOrigin {
  const oci::FileTree& tree;
  const context::ContextTree*
      context;                     ///< the same tree when it is a context's directory, else null
  std::string name;                ///< for messages: "the build context", "stage builder"
  Archives* archives = nullptr;    ///< opens those that ADD unpacks; null: nothing is unpacked
  Downloads* downloads = nullptr;  ///< for ADD, which alone fetches anything
  bool counted = false;            ///< what is taken is reported: of contexts
};

/// What COPY took from build contexts; counted over all steps for the report.
struct CopyCounts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// The files of one COPY or ADD, placed in the image (docs/reference/dockerfile.md, 7 to 10).
/// Mistakes go to the findings, so that those of other steps are found as well.
layer::FileSet copy_files(const plan::CopyStep& step, const CopyOrigin& origin,
                          const StepPlace& place, CopyCounts& counts);

}  // namespace ocibuild::engine
