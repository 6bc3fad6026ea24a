// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/build.hpp>

namespace ocibuild::program {

/// "TYPE[PLATFORM],…:K=V", as buildx writes it; without TYPE the manifest. One annotation a type.
/// `origin`: for messages. @throws Error(Errc::usage)
std::vector<Annotation> parse_annotation(std::string_view text, const std::string& origin);

/// The same with TYPE and K=V taken apart already: "manifest[linux/arm64]", "index".
Annotation annotation_on(std::string_view type, std::string key, std::string value,
                         const std::string& origin);

}  // namespace ocibuild::program
