// SPDX-License-Identifier: Apache-2.0
#include "sample_layer.hpp"

#include "oci/hasher.hpp"
#include "rootfs/layer_scan.hpp"
#include "support/packed.hpp"
#include "support/tree_fixture.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild::test {

oci::Entry hard_link_entry(std::string_view path, std::string_view target) {
  oci::Entry entry = file_entry(path, 0);
  entry.type = oci::EntryType::hard_link;
  entry.link_target = target;
  return entry;
}

std::shared_ptr<const rootfs::LayerIndex> index_of(std::vector<oci::Entry> entries,
                                                   std::vector<std::string> whiteouts,
                                                   std::vector<std::string> opaque) {
  std::vector<rootfs::IndexedFile> files;
  for (oci::Entry& entry : entries) files.push_back({.entry = std::move(entry)});
  const auto paths = [](const std::vector<std::string>& texts) {
    std::vector<oci::RootfsPath> out;
    for (const std::string& text : texts) out.emplace_back(text);
    return out;
  };
  return std::make_shared<rootfs::LayerIndex>(std::move(files), paths(whiteouts), paths(opaque));
}

SampleLayer& SampleLayer::add(oci::Entry entry) {
  members.push_back({std::move(entry), ""});
  return *this;
}

SampleLayer& SampleLayer::file(std::string_view path, std::string content, unsigned mode) {
  members.push_back({file_entry(path, content.size(), mode), std::move(content)});
  return *this;
}

std::string SampleLayer::tar() const {
  support::StringSink out;
  tar::TarWriter writer(out);
  for (const Member& member : members) {
    support::MemorySource source{std::string_view(member.content)};
    writer.add(member.entry, source);
  }
  writer.finish();
  return std::move(out.text);
}

std::string gzip(std::string_view bytes) {
  return packed(bytes);
}

Descriptor descriptor_of(std::string_view blob) {
  return {.media_type = MediaType(media_types::oci_layer_gzip),
          .digest = oci::sha256(blob),
          .size = blob.size()};
}

DiffId diff_id_of(std::string_view tar) {
  return DiffId(oci::sha256(tar));
}

std::shared_ptr<const rootfs::LayerIndex> scan(const std::string& tar) {
  support::MemorySource source{std::string_view(tar)};
  return rootfs::scan_layer(source, descriptor_of(tar), diff_id_of(tar), "layer 1");
}

}  // namespace ocibuild::test
