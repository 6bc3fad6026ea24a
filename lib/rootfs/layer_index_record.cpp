// SPDX-License-Identifier: Apache-2.0
// The cache file of a LayerIndex: LayerIndex::encode and decode.
#include "oci/entry_record.hpp"
#include "rootfs/layer_index.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::RecordReader;
using oci::RecordWriter;
using oci::RootfsPath;

constexpr std::string_view magic = "ocibuild layer index 2\n";

void write_file(RecordWriter& out, const IndexedFile& file, std::string& last) {
  oci::write_entry(out, file.entry, last);
  out.number(file.offset);
  out.number(file.digest ? 1 : 0);
  if (file.digest) out.digest(*file.digest);
}

std::optional<IndexedFile> read_file(RecordReader& in, std::string& last) {
  auto entry = oci::read_entry(in, last);
  if (!entry) return std::nullopt;
  IndexedFile file{.entry = std::move(*entry)};
  file.offset = in.number();
  if (in.number() != 0) file.digest = in.digest();
  return in.ok() ? std::optional(std::move(file)) : std::nullopt;
}

void write_paths(RecordWriter& out, const std::vector<RootfsPath>& paths) {
  std::string last;
  out.number(paths.size());
  for (const RootfsPath& path : paths) oci::write_path(out, path.str(), last);
}

std::optional<std::vector<RootfsPath>> read_paths(RecordReader& in) {
  std::vector<RootfsPath> paths;
  std::string last;
  for (std::uint64_t left = in.number(); left > 0; --left) {
    auto path = oci::read_path(in, last);
    if (!path) return std::nullopt;
    paths.push_back(std::move(*path));
  }
  return paths;
}

}  // namespace

std::string LayerIndex::encode() const {
  RecordWriter out(magic);
  std::string last;
  out.number(files_.size());
  for (const IndexedFile& file : files_) write_file(out, file, last);
  write_paths(out, whiteouts_);
  write_paths(out, opaque_);
  out.number(tar_size_);
  return out.finish();
}

std::shared_ptr<const LayerIndex> LayerIndex::decode(std::string_view bytes) {
  auto in = RecordReader::open(bytes, magic);
  if (!in) return nullptr;
  std::vector<IndexedFile> files;
  std::string last;
  for (std::uint64_t left = in->number(); left > 0; --left) {
    auto file = read_file(*in, last);
    if (!file) return nullptr;
    files.push_back(std::move(*file));
  }
  auto whiteouts = read_paths(*in);
  auto opaque = read_paths(*in);
  const std::uint64_t tar_size = in->number();
  if (!whiteouts || !opaque || !in->ok() || !in->at_end()) return nullptr;
  return std::make_shared<LayerIndex>(std::move(files), std::move(*whiteouts), std::move(*opaque),
                                      tar_size);
}

}  // namespace ocibuild::rootfs
