// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/image.hpp>

#include "oci/entry.hpp"
#include "rootfs/layer_index.hpp"

namespace ocibuild::test {

oci::Entry hard_link_entry(std::string_view path, std::string_view target);

/// An index of entries without content.
std::shared_ptr<const rootfs::LayerIndex> index_of(std::vector<oci::Entry> entries,
                                                   std::vector<std::string> whiteouts = {},
                                                   std::vector<std::string> opaque = {});

/// A layer blob in the making: members in the order given, as no sorted writer would have them.
struct SampleLayer {
  struct Member {
    oci::Entry entry;
    std::string content;
  };
  std::vector<Member> members{};

  SampleLayer& add(oci::Entry entry);
  SampleLayer& file(std::string_view path, std::string content, unsigned mode = 0644);
  std::string tar() const;
};

std::string gzip(std::string_view bytes);
Descriptor descriptor_of(std::string_view blob);
DiffId diff_id_of(std::string_view tar);
/// Scans `tar`, stored as it is.
std::shared_ptr<const rootfs::LayerIndex> scan(const std::string& tar);

}  // namespace ocibuild::test
