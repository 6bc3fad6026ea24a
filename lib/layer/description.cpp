// SPDX-License-Identifier: Apache-2.0
#include "layer/description.hpp"

#include <array>

#include "layer/chunk_plan.hpp"

namespace ocibuild::layer {

namespace {

/// Moves with every change to the bytes that tar_writer makes from the same entries.
constexpr std::string_view tar_format = "tar 1";

}  // namespace

Description::Description(std::string_view what, std::string_view setting) {
  text(what);
  text(tar_format);
  text(setting);
}

void Description::number(std::uint64_t value) {
  std::array<std::byte, 8> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(value >> 8 * i);
  hasher_.write(bytes);
}

void Description::text(std::string_view value) {
  number(value.size());
  hasher_.write(support::as_bytes(value));
}

void Description::file(const oci::Entry& entry, const Digest& content) {
  text(entry.path.str());
  number(static_cast<std::uint64_t>(entry.type));
  number(entry.mode);
  number(entry.uid);
  number(entry.gid);
  number(static_cast<std::uint64_t>(entry.mtime));
  number(entry.size);
  text(entry.link_target);
  number(entry.device_major);
  number(entry.device_minor);
  number(entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) {
    text(name);
    text(value);
  }
  text(content.str());
}

Digest layer_key(const std::vector<LayerFile>& files, const std::vector<Digest>& contents,
                 std::string_view setting) {
  Description out("layer", setting);
  out.text(chunk_rule);
  out.number(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) out.file(files[i].entry, contents[i]);
  return out.finish();
}

}  // namespace ocibuild::layer
