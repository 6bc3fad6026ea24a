// SPDX-License-Identifier: Apache-2.0
#include "build/cache_key.hpp"

#include <string>

#include "oci/hasher.hpp"

namespace ocibuild::engine {

namespace {

/// Moves with every change to the bytes that tar_writer makes from the same entries, or to how the
/// key itself is made of them.
constexpr std::string_view tar_format = "ocibuild layer 2";

/// Feeds a hasher with values that cannot run into each other: numbers in as many bytes as they
/// need, texts behind their length. In large pieces, since a hasher has its price a call.
class Framed {
public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) waiting_ += static_cast<char>(value | 0x80);
    waiting_ += static_cast<char>(value);
  }
  void text(std::string_view value) {
    number(value.size());
    waiting_ += value;
    if (waiting_.size() >= piece) flush();
  }
  Digest finish() {
    flush();
    return hasher_.finish();
  }

private:
  static constexpr std::size_t piece = 16 * 1024;
  void flush() {
    hasher_.write(support::as_bytes(waiting_));
    waiting_.clear();
  }

  oci::Hasher hasher_;
  std::string waiting_;
};

void add(Framed& out, const layer::LayerFile& file) {
  const oci::Entry& entry = file.entry;
  out.text(entry.path.str());
  out.number(static_cast<std::uint64_t>(entry.type));
  out.number(entry.mode);
  out.number(entry.uid);
  out.number(entry.gid);
  out.number(static_cast<std::uint64_t>(entry.mtime));
  out.number(entry.size);
  out.text(entry.link_target);
  out.number(entry.device_major);
  out.number(entry.device_minor);
  out.number(entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) {
    out.text(name);
    out.text(value);
  }
  const bool has_content = entry.type == oci::EntryType::regular && entry.size > 0;
  out.text(has_content ? file.content->digest().str() : "");
}

}  // namespace

Digest layer_key(const std::vector<layer::LayerFile>& files, const compress::Setting& setting) {
  Framed out;
  out.text(tar_format);
  out.text(setting.key());
  out.number(files.size());
  for (const layer::LayerFile& file : files) add(out, file);
  return out.finish();
}

}  // namespace ocibuild::engine
