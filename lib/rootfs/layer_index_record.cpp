// SPDX-License-Identifier: Apache-2.0
// The cache file of a LayerIndex: LayerIndex::encode and decode.
#include "oci/entry_record.hpp"
#include "rootfs/layer_index.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::RecordReader;
using oci::RecordWriter;
using oci::RootfsPath;

constexpr std::string_view magic = "ocibuild layer index 3\n";

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
  out.number(tar_size_);
  write_paths(out, whiteouts_);
  write_paths(out, opaque_);
  write_paths(out, link_targets_);
  files_.write(out);
  return out.finish();
}

bool LayerIndex::read(std::string bytes) {
  bytes_ = std::move(bytes);
  auto in = RecordReader::open(bytes_, magic);
  if (!in) return false;
  tar_size_ = in->number();
  for (auto* const list : {&whiteouts_, &opaque_, &link_targets_}) {
    auto paths = read_paths(*in);
    if (!paths) return false;
    *list = *std::move(paths);
  }
  auto files = FileTable::read(*in);
  if (!files || !in->at_end()) return false;
  files_ = *std::move(files);
  return true;
}

std::shared_ptr<const LayerIndex> LayerIndex::decode(std::string bytes) {
  const std::shared_ptr<LayerIndex> out(new LayerIndex);
  return out->read(std::move(bytes)) ? out : nullptr;
}

bool LayerIndex::is_sound() const {
  std::string_view last;
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const std::string_view path = files_.at(i).entry.path.str();
    if (path <= last) return false;
    last = path;
  }
  return true;
}

}  // namespace ocibuild::rootfs
