// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace ocibuild::plan {

/// What a source of COPY or ADD is, by its text alone (docs/reference/dockerfile.md, 9.1).
enum class SourceKind { local, url, git };

SourceKind kind_of_source(std::string_view source);

}  // namespace ocibuild::plan
