// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include <ocibuild/build.hpp>

#include "io.hpp"

namespace ocibuild::program {

/// What the name of an image means.
using ImageNamer = std::function<Reference(std::string_view)>;

/// One --build-context: "NAME=DIR", "NAME=oci-layout://DIR[:TAG|@DIGEST]",
/// "NAME=docker-image://REF" (also container-image:// and docker://). `origin`: for messages.
/// @throws Error(Errc::usage), and what `image` throws
std::pair<std::string, BuildContext> parse_context(std::string_view text, const Io& io,
                                                   const std::string& origin,
                                                   const ImageNamer& image);

}  // namespace ocibuild::program
