// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <ocibuild/build.hpp>

#include "context/context_tree.hpp"
#include "dockerfile/findings.hpp"
#include "layer/file_set.hpp"
#include "plan/build_plan.hpp"
#include "rootfs/view.hpp"

namespace ocibuild::engine {

/// What COPY reads from.
struct CopyOrigin {
  const oci::FileTree& tree;
  const context::ContextTree* context;  ///< the same tree when it is the build context, else null
  std::string name;                     ///< for messages: "the build context", "stage builder"
};

/// What COPY took; counted over all steps for the report.
struct CopyCounts {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// The image just before a step, and where its findings go.
struct StepPlace {
  const rootfs::View& image;
  const FileTimes& times;
  dockerfile::Findings& findings;
};

/// The files of one COPY, placed in the image (docs/reference/dockerfile.md, 7 and 8). Mistakes go
/// to the findings, so that those of other steps are found as well.
layer::FileSet copy_files(const plan::CopyStep& step, const CopyOrigin& origin,
                          const StepPlace& place, CopyCounts& counts);

/// The directories a WORKDIR makes (docs/reference/dockerfile.md, 13.3); none when it exists.
layer::FileSet workdir_files(const plan::WorkdirStep& step, const StepPlace& place);

}  // namespace ocibuild::engine
