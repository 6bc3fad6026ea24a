// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include <ocibuild/build.hpp>

#include "plan/build_plan.hpp"

namespace ocibuild::engine {

/// What the target of a build reads that is neither in the Dockerfile nor in a build context.
struct Needs {
  std::vector<NeededImage> images;        ///< each once for a platform
  std::vector<plan::Download> downloads;  ///< of ADD, each URL once
};

/// `ignored`: what can be read of a Dockerfile with mistakes counts.
enum class Mistakes { thrown, ignored };

/// As needed_images(). @throws Error
Needs find_needs(const BuildRequest& request, Mistakes mistakes);

}  // namespace ocibuild::engine
