// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ocibuild/image_store.hpp>

#include "flags.hpp"

namespace ocibuild::program {

/// `images --filter`, with docker's meaning: dangling=BOOL, label=K[=V], reference=PATTERN. All
/// labels must be there; of several references one must fit.
class ImageFilter {
public:
  /// @throws Error(Errc::usage)
  static ImageFilter parse(const ParsedFlags& flags);
  /// An image that cannot be read has no labels.
  bool takes(const StoredImage& image, const ImageStore& store) const;

private:
  bool has_labels(const StoredImage& image, const ImageStore& store) const;

  std::optional<bool> dangling_;
  std::vector<std::string> labels_;
  std::vector<std::string> references_;
};

}  // namespace ocibuild::program
