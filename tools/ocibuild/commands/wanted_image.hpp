// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <ocibuild/image_store.hpp>

#include "program.hpp"

/// The image that a word on the command line of `inspect` and `history` means.
namespace ocibuild::program {

struct WantedImage {
  ImageDetails details;
  std::vector<Reference> names{};  ///< all that it has
};

/// Finds images in the store, and behind docker:// at their registry, of which nothing is kept
/// (docs/reference/cli.md, 6.22).
class WantedImages {
public:
  /// `invocation` must outlive this. @throws Error(Errc::usage) for a wrong --platform
  explicit WantedImages(Invocation& invocation);
  /// @throws Error as ImageStore::find(), ImageStore::details() and remote_details()
  WantedImage find(const std::string& word) const;

private:
  WantedImage find_remote(const std::string& name) const;

  Invocation& invocation_;
  const std::optional<Platform> platform_;
  const ImageStore store_;
  const std::vector<StoredImage> all_;
};

}  // namespace ocibuild::program
