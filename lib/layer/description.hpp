// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include <ocibuild/digest.hpp>

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
  /// `content`: the digest of its content, empty when it has none.
  void file(const oci::Entry& entry, const Digest& content);
  Digest finish() { return hasher_.finish(); }

private:
  oci::Hasher hasher_;
};

/// Identity of a layer before it is made. `contents`: content_digests(files). `setting`: as above.
Digest layer_key(const std::vector<LayerFile>& files, const std::vector<Digest>& contents,
                 std::string_view setting);

}  // namespace ocibuild::layer
