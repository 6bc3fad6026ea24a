// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <ocibuild/build.hpp>

#include "store/oci_layout.hpp"

namespace ocibuild::engine {

/// How messages call it: "oci-layout://DIR:TAG".
std::string title_of(const LayoutImage& image);

/// The entry of the layout's index that `image` means: by digest, also of a manifest that a listed
/// index lists; by tag; without either the only image, else the one tagged "latest".
/// @throws Error(Errc::not_found, context-image-missing) pointing at `where`
Descriptor find_entry(const store::OciLayout& layout, const LayoutImage& image,
                      const SourceRange& where);

}  // namespace ocibuild::engine
