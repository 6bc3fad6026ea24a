// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <ocibuild/transfer.hpp>

#include "io.hpp"

namespace ocibuild::program {

/// An image outside the store, as `push` takes it: oci:DIR[:TAG], oci-archive:FILE[:TAG],
/// docker-archive:FILE[:TAG]. Instead of a tag it may be a whole name.
struct PushSource {
  std::filesystem::path path;
  std::string tag{};  ///< or name; empty: the only image, else "latest"
};

/// Nothing when `text` begins with none of the three. @throws Error(Errc::usage)
std::optional<PushSource> parse_push_source(const std::string& text, const Io& io);

/// The image that `source` means. @throws Error(Errc::not_found, image-unknown) with what there is
StoredImage choose_image(const TemporaryImages& images, const PushSource& source);

}  // namespace ocibuild::program
