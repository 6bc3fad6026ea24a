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

void Description::file(const oci::Entry& entry) {
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
}

void Description::content(const oci::RawSha256* digest) {
  number(digest == nullptr ? 0 : digest->size());
  if (digest != nullptr) hasher_.write(std::as_bytes(std::span(*digest)));
}

Digest layer_shape(const std::vector<LayerFile>& files, std::string_view setting) {
  Description out("shape", setting);
  out.text(chunk_rule);
  out.number(files.size());
  for (const LayerFile& file : files) out.file(file.entry);
  return out.finish();
}

Digest layer_key(const Digest& shape, const std::vector<LayerFile>& files,
                 const ContentDigests& contents) {
  Description out("layer", shape.str());
  for (std::size_t i = 0; i < files.size(); ++i) out.content(contents.find(i));
  return out.finish();
}

}  // namespace ocibuild::layer
