// SPDX-License-Identifier: Apache-2.0
// The cache file of a LayerIndex: LayerIndex::encode and decode.
#include <algorithm>

#include "oci/record.hpp"
#include "rootfs/layer_index.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::EntryType;
using oci::RecordReader;
using oci::RecordWriter;
using oci::RootfsPath;

constexpr std::string_view magic = "ocibuild layer index 1\n";
constexpr std::uint64_t with_digest = 0x10;  // flag beside the type

bool is_device(EntryType type) {
  return type == EntryType::character_device || type == EntryType::block_device;
}

/// Sorted paths share their beginnings: each is what it has in common with the one before, and the
/// rest. That halves the size of the whole file.
void write_path(RecordWriter& out, const std::string& path, std::string& last) {
  const auto differ = std::mismatch(path.begin(), path.end(), last.begin(), last.end());
  const auto common = static_cast<std::size_t>(differ.first - path.begin());
  out.number(common);
  out.text(std::string_view(path).substr(common));
  last = path;
}

/// Nothing for a text that is no path below the root.
std::optional<RootfsPath> read_path(RecordReader& in, std::string& last) {
  const std::uint64_t common = in.number();
  if (common > last.size()) return std::nullopt;
  last.resize(common);
  last += in.text();
  RootfsPath path(last);
  return !in.ok() || path.str() != last ? std::nullopt : std::optional(std::move(path));
}

void write_file(RecordWriter& out, const IndexedFile& file, std::string& last) {
  const oci::Entry& entry = file.entry;
  write_path(out, entry.path.str(), last);
  out.number(static_cast<std::uint64_t>(entry.type) | (file.digest ? with_digest : 0));
  out.number(entry.mode);
  out.number(entry.uid);
  out.number(entry.gid);
  out.number(static_cast<std::uint64_t>(entry.mtime));
  out.number(entry.size);
  out.text(entry.link_target);
  if (is_device(entry.type)) {
    out.number(entry.device_major);
    out.number(entry.device_minor);
  }
  out.number(entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) {
    out.text(name);
    out.text(value);
  }
  out.number(file.offset);
  if (file.digest) out.digest(*file.digest);
}

std::uint32_t small_number(RecordReader& in) {
  return static_cast<std::uint32_t>(in.number());
}

std::optional<IndexedFile> read_file(RecordReader& in, std::string& last) {
  auto path = read_path(in, last);
  if (!path || path->is_root()) return std::nullopt;
  IndexedFile file;
  oci::Entry& entry = file.entry;
  entry.path = std::move(*path);
  const std::uint64_t type = in.number();
  if ((type & ~with_digest) > static_cast<std::uint64_t>(EntryType::block_device)) {
    return std::nullopt;
  }
  entry.type = static_cast<EntryType>(type & ~with_digest);
  entry.mode = small_number(in) & 07777;
  entry.uid = small_number(in);
  entry.gid = small_number(in);
  entry.mtime = static_cast<std::int64_t>(in.number());
  entry.size = in.number();
  entry.link_target = in.text();
  if (is_device(entry.type)) {
    entry.device_major = small_number(in);
    entry.device_minor = small_number(in);
  }
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    std::string name(in.text());
    entry.xattrs.insert_or_assign(std::move(name), std::string(in.text()));
  }
  file.offset = in.number();
  if ((type & with_digest) != 0) file.digest = in.digest();
  return in.ok() ? std::optional(std::move(file)) : std::nullopt;
}

void write_paths(RecordWriter& out, const std::vector<RootfsPath>& paths) {
  std::string last;
  out.number(paths.size());
  for (const RootfsPath& path : paths) write_path(out, path.str(), last);
}

std::optional<std::vector<RootfsPath>> read_paths(RecordReader& in) {
  std::vector<RootfsPath> paths;
  std::string last;
  for (std::uint64_t left = in.number(); left > 0; --left) {
    auto path = read_path(in, last);
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
