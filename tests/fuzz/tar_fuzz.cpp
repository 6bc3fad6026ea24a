// SPDX-License-Identifier: Apache-2.0
// A tar of anybody: as an archive of a user, and as the layer of a base image.
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "oci/hasher.hpp"
#include "rootfs/layer_scan.hpp"
#include "rootfs/resolve.hpp"
#include "rootfs/view.hpp"
#include "tar/tar_reader.hpp"

namespace {

using namespace ocibuild;

void read_archive(std::string_view bytes) {
  support::MemorySource source(bytes);
  tar::TarReader reader(source, tar::Wrapping::any, "the input");
  tar::TarReader::Member member;
  std::vector<std::byte> buffer(64 * 1024);
  std::uint64_t unpacked = 0;
  constexpr std::uint64_t enough = 16 * 1024 * 1024;  // a few bytes of bzip2 are many zeros
  while (unpacked < enough && reader.next(member)) {
    const oci::RootfsPath& path = member.entry.path;
    fuzz::require(oci::RootfsPath(path.str()) == path, "a path is clean");
    fuzz::require(member.entry.mode <= 07777, "a mode has twelve bits");
    while (const std::size_t size = reader.content().read(buffer)) {
      unpacked += size;
      if (unpacked >= enough) return;
    }
  }
}

std::shared_ptr<const rootfs::LayerIndex> scan(std::string_view bytes) {
  const Digest digest = oci::sha256(bytes);
  const Descriptor descriptor{.media_type = MediaType("application/vnd.oci.image.layer.v1.tar"),
                              .digest = digest,
                              .size = bytes.size()};
  support::MemorySource source(bytes);
  return rootfs::scan_layer(source, descriptor, DiffId(digest), "the input");
}

void look_around(const std::shared_ptr<const rootfs::LayerIndex>& index, std::size_t tar_size) {
  rootfs::View view;
  view.add(index, nullptr);
  view.add(index, nullptr);  // whiteouts hide only what is below them
  for (std::size_t i = 0; i < index->files().size(); ++i) {
    const rootfs::IndexedFile& file = index->files().at(i);
    const oci::Entry& entry = file.entry;
    fuzz::require(!entry.path.is_root(), "the root has no entry");
    fuzz::require(!entry.path.name().starts_with(".wh."), "whiteouts are no files");
    if (entry.type == oci::EntryType::regular) {
      fuzz::require(file.offset <= tar_size && entry.size <= tar_size - file.offset,
                    "content stands inside the tar");
    }
    const auto found = view.lookup(entry.path);
    fuzz::require(!found || found->entry.type != oci::EntryType::hard_link, "links are followed");
    fuzz::accepts([&] { rootfs::find(view, entry.path); });
  }
  view.list({});
  const auto again = rootfs::LayerIndex::decode(index->encode());
  fuzz::require(again != nullptr && again->encode() == index->encode(),
                "an index survives its file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::as_text(data, size);
  fuzz::accepts([&] { read_archive(bytes); });
  // Compressed layers are the business of the decompressors' fuzzer.
  if (bytes.starts_with("\x1f\x8b") || bytes.starts_with("\x28\xb5\x2f\xfd")) return 0;
  std::shared_ptr<const rootfs::LayerIndex> index;
  if (fuzz::accepts([&] { index = scan(bytes); })) look_around(index, size);
  return 0;
}
