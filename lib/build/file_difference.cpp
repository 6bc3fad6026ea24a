// SPDX-License-Identifier: Apache-2.0
#include "build/file_difference.hpp"

#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

#include "layer/content_digests.hpp"
#include "oci/hasher.hpp"
#include "oci/pieces.hpp"
#include "oci/raw_sha256.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

using layer::LayerFile;
using oci::EntryType;
using rootfs::IndexedFile;

std::string octal(std::uint32_t mode) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%04o", mode);
  return text.data();
}

std::string_view name_of(EntryType type) {
  switch (type) {
    case EntryType::regular:
      return "file";
    case EntryType::directory:
      return "directory";
    case EntryType::symlink:
      return "symlink";
    case EntryType::hard_link:
      return "hard link";
    case EntryType::fifo:
      return "FIFO";
    case EntryType::character_device:
    case EntryType::block_device:
      return "device";
  }
  return "";
}

std::string owner_of(const oci::Entry& entry) {
  return support::concat(entry.uid, ':', entry.gid);
}

bool is_opaque_mark(const LayerFile& file) {
  return file.entry.path.name() == layer::opaque_mark;
}

/// A file of either layer, or of both. Null: not there.
struct Pair {
  const IndexedFile* before = nullptr;
  const LayerFile* after = nullptr;
  std::size_t number = 0;  ///< of `after`

  std::string path() const {
    return (after != nullptr ? after->entry : before->entry).path.absolute();
  }
  /// Nothing but the content itself can tell.
  bool needs_content() const {
    return before != nullptr && after != nullptr && after->entry.size > 0 && before->digest &&
           before->entry.type == after->entry.type && before->entry.size == after->entry.size;
  }
  bool is_large() const { return oci::has_pieces(after->entry.size); }
};

/// Both are sorted by path. Orders to delete are no files of an index.
std::vector<Pair> pairs_of(const rootfs::LayerIndex& before, const std::vector<LayerFile>& after) {
  std::vector<Pair> out;
  const rootfs::FileTable& old = before.files();
  std::size_t at = 0;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (is_opaque_mark(after[i])) continue;
    const std::string_view path = after[i].entry.path.str();
    for (; at < old.size() && old.at(at).entry.path.str() < path; ++at)
      out.push_back({.before = &old.at(at)});
    const bool in_both = at < old.size() && old.at(at).entry.path.str() == path;
    out.push_back({in_both ? &old.at(at) : nullptr, &after[i], i});
    if (in_both) ++at;
  }
  for (; at < old.size(); ++at) out.push_back({.before = &old.at(at)});
  return out;
}

bool has_same_content(const Pair& pair, const layer::ContentDigests& contents) {
  const IndexedFile& before = *pair.before;
  const LayerFile& after = *pair.after;
  if (before.entry.size != after.entry.size) return false;
  if (!pair.needs_content()) return true;
  // An index has the SHA-256 of all of it.
  if (pair.is_large()) return oci::sha256(*after.content->open()) == before.digest;
  return *contents.find(pair.number) == oci::raw_sha256(*before.digest);
}

/// What changed of a file that both layers have.
void compare(const Pair& pair, const layer::ContentDigests& contents,
             std::vector<RebuildCause>& out) {
  const oci::Entry& before = pair.before->entry;
  const oci::Entry& after = pair.after->entry;
  const auto add = [&](Cause kind, std::string was, std::string is) {
    out.push_back({kind, pair.path(), std::move(was), std::move(is)});
  };
  if (before.type != after.type)
    return add(Cause::file_type, std::string(name_of(before.type)),
               std::string(name_of(after.type)));
  if (!has_same_content(pair, contents)) add(Cause::file_content, {}, {});
  if (before.link_target != after.link_target)
    add(Cause::file_target, before.link_target, after.link_target);
  if (before.mode != after.mode) add(Cause::file_mode, octal(before.mode), octal(after.mode));
  if (before.uid != after.uid || before.gid != after.gid)
    add(Cause::file_owner, owner_of(before), owner_of(after));
  if (before.mtime != after.mtime)
    add(Cause::file_time, std::to_string(before.mtime), std::to_string(after.mtime));
  if (before.xattrs != after.xattrs || before.device_major != after.device_major ||
      before.device_minor != after.device_minor)
    add(Cause::file_attributes, {}, {});
}

}  // namespace

std::vector<RebuildCause> file_differences(const rootfs::LayerIndex& before,
                                           const std::vector<LayerFile>& after, unsigned jobs,
                                           const std::stop_token& stop) {
  const std::vector<Pair> pairs = pairs_of(before, after);
  layer::ContentDigests contents(after);
  std::vector<std::size_t> wanted;
  for (const Pair& pair : pairs) {
    if (pair.needs_content() && !pair.is_large() && !contents.is_known(pair.number))
      wanted.push_back(pair.number);
  }
  contents.compute(wanted, jobs, stop);
  std::vector<RebuildCause> out;
  for (const Pair& pair : pairs) {
    if (pair.before == nullptr) {
      out.push_back({.kind = Cause::file_added, .name = pair.path()});
    } else if (pair.after == nullptr) {
      out.push_back({.kind = Cause::file_removed, .name = pair.path()});
    } else {
      compare(pair, contents, out);
    }
  }
  return out;
}

}  // namespace ocibuild::engine
