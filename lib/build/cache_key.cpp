// SPDX-License-Identifier: Apache-2.0
#include "build/cache_key.hpp"

#include <array>

#include "oci/hasher.hpp"

namespace ocibuild::engine {

namespace {

/// Moves with every change to the bytes that tar_writer makes from the same entries.
constexpr std::string_view tar_format = "ocibuild layer 1";

/// Feeds a hasher with values that cannot run into each other: numbers of eight bytes, texts behind
/// their length.
class Framed {
public:
  void number(std::uint64_t value) {
    std::array<std::byte, 8> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<std::byte>(value >> (8 * i));
    hasher_.write(bytes);
  }
  void text(std::string_view value) {
    number(value.size());
    hasher_.write(support::as_bytes(value));
  }
  Digest finish() { return hasher_.finish(); }

private:
  oci::Hasher hasher_;
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
