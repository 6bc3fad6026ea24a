// SPDX-License-Identifier: Apache-2.0
#include "oci/entry_record.hpp"

#include <algorithm>

namespace ocibuild::oci {

namespace {

bool is_device(EntryType type) {
  return type == EntryType::character_device || type == EntryType::block_device;
}

std::uint32_t small_number(RecordReader& in) {
  return static_cast<std::uint32_t>(in.number());
}

}  // namespace

void write_path(RecordWriter& out, const std::string& path, std::string& last) {
  const auto differ = std::mismatch(path.begin(), path.end(), last.begin(), last.end());
  const auto common = static_cast<std::size_t>(differ.first - path.begin());
  out.number(common);
  out.text(std::string_view(path).substr(common));
  last = path;
}

std::optional<RootfsPath> read_path(RecordReader& in, std::string& last) {
  const std::uint64_t common = in.number();
  if (common > last.size()) return std::nullopt;
  last.resize(common);
  last += in.text();
  RootfsPath path(last);
  return !in.ok() || path.str() != last ? std::nullopt : std::optional(std::move(path));
}

void write_entry(RecordWriter& out, const Entry& entry, std::string& last) {
  write_path(out, entry.path.str(), last);
  out.number(static_cast<std::uint64_t>(entry.type));
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
}

std::optional<Entry> read_entry(RecordReader& in, std::string& last) {
  auto path = read_path(in, last);
  if (!path || path->is_root()) return std::nullopt;
  Entry entry;
  entry.path = std::move(*path);
  const std::uint64_t type = in.number();
  if (type > static_cast<std::uint64_t>(EntryType::block_device)) return std::nullopt;
  entry.type = static_cast<EntryType>(type);
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
  return in.ok() ? std::optional(std::move(entry)) : std::nullopt;
}

}  // namespace ocibuild::oci
