// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace ocibuild::plan {

/// What names of --build-context, of stages and of images are compared by: two texts that mean one
/// image have one key ("alpine", "docker.io/library/alpine:latest"). A text that is no image name
/// is its own key, in lower case.
std::string context_key(std::string_view name);

}  // namespace ocibuild::plan
