// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include <ocibuild/digest.hpp>

#include "layer/content_digests.hpp"
#include "layer/file_set.hpp"
#include "oci/hasher.hpp"

namespace ocibuild::layer {

/// Everything that some bytes of a layer depend on, hashed before they are made
/// (docs/reference/image.md, 7.1). Values cannot run into each other: numbers have eight bytes,
/// texts stand behind their length.
class Description {
public:
  /// `what`: tells descriptions of one kind from those of others. `setting`: key() of the
  /// compress::Setting.
  Description(std::string_view what, std::string_view setting);

  void number(std::uint64_t value);
  void text(std::string_view value);
  /// Everything of a file but its content.
  void file(const oci::Entry& entry);
  /// The digest of a file's content; null when it has none.
  void content(const oci::RawSha256* digest);
  Digest finish() { return hasher_.finish(); }

private:
  oci::Hasher hasher_;
};

/// What is known of a layer before any content is read. Layers of different shapes differ, so when
/// the cache has none of this shape there is nothing to look for. `setting`: as above.
Digest layer_shape(const std::vector<LayerFile>& files, std::string_view setting);

/// Identity of a layer before it is made. All of `contents` are known.
Digest layer_key(const Digest& shape, const std::vector<LayerFile>& files,
                 const ContentDigests& contents);

}  // namespace ocibuild::layer
